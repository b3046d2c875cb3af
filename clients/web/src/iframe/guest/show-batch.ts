import { type AccessKeyPermission, formatPublicKey, type NonDelegateAction } from "@countersign/near";
import { sha256 } from "viem";
import type { DecodedAction, DecodedArgs, DecodedBatch } from "../guest-api.ts";
import { nearText, teraGasText } from "./amounts.ts";
import { bytesHex, utf8Text } from "./plain-text.ts";
import type { Batch } from "./read-batch.ts";

/** What the user sees of a batch. */
export function showBatch({ receiverId, actions }: Batch): DecodedBatch {
  return { receiverId, actions: actions.map(showAction) };
}

function showAction(action: NonDelegateAction): DecodedAction {
  switch (action.kind) {
    case "CreateAccount":
      return { kind: action.kind };
    case "DeployContract":
      return { kind: action.kind, bytes: action.code.length, sha256: sha256(action.code) };
    case "FunctionCall": {
      const { kind, methodName, args, gas, deposit } = action;
      return { kind, methodName, args: showArgs(args), gas: teraGasText(gas), deposit: nearText(deposit) };
    }
    case "Transfer":
      return { kind: action.kind, deposit: nearText(action.deposit) };
    case "Stake":
      return {
        kind: action.kind,
        stake: nearText(action.stake),
        publicKey: formatPublicKey(action.publicKey),
      };
    case "AddKey":
      return {
        kind: action.kind,
        publicKey: formatPublicKey(action.publicKey),
        permission: showPermission(action.permission),
      };
    case "DeleteKey":
      return { kind: action.kind, publicKey: formatPublicKey(action.publicKey) };
    case "DeleteAccount":
      return { kind: action.kind, beneficiaryId: action.beneficiaryId };
  }
}

function showPermission(permission: AccessKeyPermission) {
  if (permission.kind === "FullAccess") return permission;
  const { kind, allowance, receiverId, methodNames } = permission;
  return { kind, allowance: allowance === null ? null : nearText(allowance), receiverId, methodNames };
}

/** JSON only where the text is what JSON makes of its value again: a field twice, or 2^64, would be shown otherwise. */
export function showArgs(args: Uint8Array): DecodedArgs {
  const text = utf8Text(args);
  if (text === undefined) return { hex: bytesHex(args) };
  try {
    const json = JSON.parse(text);
    return JSON.stringify(json) === text ? { json } : { text };
  } catch {
    return { text };
  }
}
