import type { NonDelegateAction } from "@countersign/near";
import type { DelegateSubject } from "../rules/delegate-subject.ts";
import { callArguments } from "./call-arguments.ts";

/** What a condition may name: see DelegatePolicy.condition in countersign/admin/v1/policy.proto. */
export const CONDITION_VARIABLES = [
  "sender_id",
  "receiver_id",
  "public_key",
  "tenant",
  "end_user",
  "gas",
  "deposit",
  "deposit_millinear",
  "actions",
] as const;

/** Most actions that a condition is asked about, so that its time has a bound. */
const MAX_ACTIONS = 100;
const LARGEST_INT = 2n ** 63n - 1n;
const YOCTO_PER_MILLINEAR = 10n ** 21n;

type Variables = Readonly<Record<(typeof CONDITION_VARIABLES)[number], unknown>>;

/** A delegate as a condition sees it; undefined when it has more actions than a condition is asked about. */
export function conditionVariables({ asker, decoded }: DelegateSubject): Variables | undefined {
  if (typeof decoded === "string" || decoded.action.actions.length > MAX_ACTIONS) return undefined;
  const { action, publicKey, gas, deposit } = decoded;
  return {
    sender_id: action.senderId,
    receiver_id: action.receiverId,
    public_key: publicKey,
    tenant: asker.tenant,
    end_user: asker.endUser ?? "",
    gas: celInt(gas),
    deposit: deposit.toString(),
    deposit_millinear: milliNear(deposit),
    actions: action.actions.map(actionVariables),
  };
}

/**
 * A Map, because a plain object's inherited names would be fields too. Without args that can be read there is no such
 * field, so that whatever a condition asks of it is an error.
 */
function actionVariables(action: NonDelegateAction): ReadonlyMap<string, unknown> {
  const call = action.kind === "FunctionCall" ? action : undefined;
  const args = call === undefined ? undefined : callArguments(call.args);
  const deposit = action.kind === "FunctionCall" || action.kind === "Transfer" ? action.deposit : 0n;
  return new Map<string, unknown>([
    ["kind", action.kind],
    ["method", call?.methodName ?? ""],
    ["gas", celInt(call?.gas ?? 0n)],
    ["deposit", deposit.toString()],
    ["deposit_millinear", milliNear(deposit)],
    ...(args === undefined ? [] : [["args", args] as const]),
  ]);
}

function milliNear(yocto: bigint): bigint {
  return celInt((yocto + YOCTO_PER_MILLINEAR - 1n) / YOCTO_PER_MILLINEAR);
}

/** CEL's int has 64 bits; an amount beyond them is more than any bound all the same. */
function celInt(value: bigint): bigint {
  return value < LARGEST_INT ? value : LARGEST_INT;
}
