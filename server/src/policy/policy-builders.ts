import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { PolicySchema } from "@countersign/gen/countersign/admin/v1/policy_pb.ts";
import {
  type AccessKeyPermission,
  encodeSignedDelegate,
  type NonDelegateAction,
  type PublicKey,
} from "@countersign/near";
import type { Asker } from "../rules/asker.ts";
import { type DelegateSubject, delegateSubject } from "../rules/delegate-subject.ts";
import type { Policy } from "./policy.ts";
import { policyFromMessage } from "./policy-document.ts";

/** For tests: 10^12 gas, and 10^24 yoctoNEAR. */
export const TGAS = 10n ** 12n;
export const NEAR = 10n ** 24n;

const KEY: PublicKey = { type: "ed25519", data: new Uint8Array(32).fill(7) };

/** A policy from its message's fields. */
export function policyOf(fields: MessageInitShape<typeof PolicySchema>): Policy {
  return policyFromMessage(create(PolicySchema, fields));
}

/** The borsh bytes of a delegate from alice.near, whose signature is nobody's. */
export function delegateBytes(
  receiverId: string,
  actions: NonDelegateAction[],
  senderId = "alice.near",
): Uint8Array {
  const delegateAction = { senderId, receiverId, actions, nonce: 1n, maxBlockHeight: 100n, publicKey: KEY };
  return encodeSignedDelegate({
    delegateAction,
    signature: { type: "ed25519", data: new Uint8Array(64) },
  });
}

/** A delegate on its way through the rules of tenant acme. */
export function subjectOf(policy: Policy, bytes: Uint8Array, asker: Partial<Asker> = {}): DelegateSubject {
  const acme: Asker = { tenant: "acme", endUser: "user-1", policy, pausedActionKinds: new Set(), ...asker };
  return delegateSubject(acme, "testnet", bytes);
}

/** An action of each kind that costs or gives something away. */
export const call = (
  methodName: string,
  { gas = TGAS, deposit = 0n, args = "{}" }: { gas?: bigint; deposit?: bigint; args?: string } = {},
): NonDelegateAction => ({ kind: "FunctionCall", methodName, args: Buffer.from(args), gas, deposit });

export const transfer = (deposit: bigint): NonDelegateAction => ({ kind: "Transfer", deposit });

export const addKey = (permission: AccessKeyPermission = { kind: "FullAccess" }): NonDelegateAction => ({
  kind: "AddKey",
  publicKey: KEY,
  nonce: 0n,
  permission,
});
