import type { AccessKeyPermission, NonDelegateAction } from "@countersign/near";
import { accountId, base64, decimal, invalid, list, publicKey, record, text } from "./fields.ts";

/** What one receiver gets, as the wallet takes it. */
export interface Batch {
  readonly receiverId: string;
  readonly actions: readonly NonDelegateAction[];
}

/** nearcore, limit_config: max_actions_per_receipt. */
const MAX_ACTIONS = 100;
const MAX_ARGS = 131_072;
/** 192 KiB. Larger contracts are deployed by other means. */
const MAX_CODE = 196_608;
/** nearcore, limit_config: max_length_method_name. */
const MAX_METHOD_NAME = 256;
const MAX_METHOD_NAMES = 64;

/** A batch of an application. Throws REQUEST_INVALID. */
export function readBatch(of: { receiverId: unknown; actions: unknown }, where: string): Batch {
  const actions = list(of.actions, `${where}.actions`, 1, MAX_ACTIONS);
  return {
    receiverId: accountId(of.receiverId, `${where}.receiverId`),
    actions: actions.map((action, i) => readAction(action, `${where}.actions[${i}]`)),
  };
}

function readAction(value: unknown, where: string): NonDelegateAction {
  const kind = (value as { kind?: unknown } | null)?.kind;
  switch (kind) {
    case "CreateAccount":
      record(value, where, ["kind"]);
      return { kind };
    case "DeployContract": {
      const { code } = record(value, where, ["kind", "code"]);
      return { kind, code: base64(code, `${where}.code`, MAX_CODE) };
    }
    case "FunctionCall": {
      const of = record(value, where, ["kind", "methodName", "args", "gas", "deposit"]);
      return {
        kind,
        methodName: methodName(of.methodName, `${where}.methodName`),
        args: readArgs(of.args, `${where}.args`),
        gas: decimal(of.gas, `${where}.gas`, 64),
        deposit: decimal(of.deposit, `${where}.deposit`, 128),
      };
    }
    case "Transfer": {
      const { deposit } = record(value, where, ["kind", "deposit"]);
      return { kind, deposit: decimal(deposit, `${where}.deposit`, 128) };
    }
    case "Stake": {
      const of = record(value, where, ["kind", "stake", "publicKey"]);
      const key = publicKey(of.publicKey, `${where}.publicKey`);
      return { kind, stake: decimal(of.stake, `${where}.stake`, 128), publicKey: key };
    }
    case "AddKey": {
      const of = record(value, where, ["kind", "publicKey", "permission"]);
      const key = publicKey(of.publicKey, `${where}.publicKey`);
      const permission = readPermission(of.permission, `${where}.permission`);
      return { kind, publicKey: key, nonce: 0n, permission };
    }
    case "DeleteKey": {
      const of = record(value, where, ["kind", "publicKey"]);
      return { kind, publicKey: publicKey(of.publicKey, `${where}.publicKey`) };
    }
    case "DeleteAccount": {
      const of = record(value, where, ["kind", "beneficiaryId"]);
      return { kind, beneficiaryId: accountId(of.beneficiaryId, `${where}.beneficiaryId`) };
    }
  }
  throw invalid(where, "is of no known kind");
}

function methodName(value: unknown, where: string): string {
  const name = text(value, where, MAX_METHOD_NAME);
  if (name === "") throw invalid(where, "is empty");
  return name;
}

function readArgs(value: unknown, where: string): Uint8Array {
  const { json, base64: encoded } = record(value, where, [], ["json", "base64"]);
  if ((json === undefined) === (encoded === undefined))
    throw invalid(where, "has not one of json and base64");
  if (encoded !== undefined) return base64(encoded, `${where}.base64`, MAX_ARGS);
  const bytes = new TextEncoder().encode(JSON.stringify(json));
  if (bytes.length > MAX_ARGS) throw invalid(where, `has more than ${MAX_ARGS} bytes`);
  return bytes;
}

function readPermission(value: unknown, where: string): AccessKeyPermission {
  const kind = (value as { kind?: unknown } | null)?.kind;
  if (kind === "FullAccess") {
    record(value, where, ["kind"]);
    return { kind };
  }
  if (kind !== "FunctionCall") throw invalid(where, "is of no known kind");
  const of = record(value, where, ["kind", "allowance", "receiverId", "methodNames"]);
  const names = list(of.methodNames, `${where}.methodNames`, 0, MAX_METHOD_NAMES);
  return {
    kind,
    allowance: of.allowance === null ? null : decimal(of.allowance, `${where}.allowance`, 128),
    receiverId: accountId(of.receiverId, `${where}.receiverId`),
    methodNames: names.map((name, i) => methodName(name, `${where}.methodNames[${i}]`)),
  };
}
