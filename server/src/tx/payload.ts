import {
  type Action,
  attachedDeposit,
  decodeSignedDelegate,
  type NonDelegateAction,
  parsePublicKey,
} from "@countersign/near";
import type { KeyChange } from "../key-pool/ports.ts";
import { REGISTRAR_ARGUMENTS, type Registrar } from "../rules/account-rules.ts";

/** What a submission asks the chain to do, before it has a nonce. */
export interface Intent {
  readonly receiverId: string;
  readonly actions: Action[];
  /** Whether it is one contract call, whose returned value says how it came out. */
  readonly isCall: boolean;
}

/** The creation of an account, as the ledger keeps it. */
export interface AccountPayload {
  readonly accountId: string;
  readonly publicKey: string;
  /** In yoctoNEAR, decimal. */
  readonly initialBalance: string;
  /** A JSON object, or empty. */
  readonly registrationArgs: string;
}

/** A change of an account's access keys, as the ledger keeps it. */
type KeyChangePayload = Pick<KeyChange, "kind" | "publicKey">;

/** The ledger's bytes for the creation of an account. */
export function encodeAccountPayload(payload: AccountPayload): Uint8Array {
  return Buffer.from(JSON.stringify(payload));
}

function decodeAccountPayload(bytes: Uint8Array): AccountPayload {
  return JSON.parse(Buffer.from(bytes).toString("utf8")) as AccountPayload;
}

/**
 * The actions for a delegate: exactly one Delegate action to the delegate's sender (NEP-366). `payload` is the
 * borsh bytes of the SignedDelegate, as accepted.
 */
export function delegateIntent(payload: Uint8Array): Intent {
  const signedDelegate = decodeSignedDelegate(payload);
  return {
    receiverId: signedDelegate.delegateAction.senderId,
    actions: [{ kind: "Delegate", signedDelegate }],
    isCall: false,
  };
}

/** The actions that create an account: by its parent, or by the registrar's call. */
export function accountIntent(payload: Uint8Array, registrar: Registrar | undefined): Intent {
  const { accountId, publicKey, initialBalance, registrationArgs } = decodeAccountPayload(payload);
  const deposit = BigInt(initialBalance);
  if (registrar !== undefined) {
    const [idName, keyName] = REGISTRAR_ARGUMENTS;
    const extra = registrationArgs === "" ? {} : (JSON.parse(registrationArgs) as object);
    const args = Buffer.from(JSON.stringify({ ...extra, [idName]: accountId, [keyName]: publicKey }));
    return {
      receiverId: registrar.contractId,
      actions: [{ kind: "FunctionCall", methodName: registrar.method, args, gas: registrar.gas, deposit }],
      isCall: true,
    };
  }
  return {
    receiverId: accountId,
    actions: [
      { kind: "CreateAccount" },
      { kind: "Transfer", deposit },
      {
        kind: "AddKey",
        publicKey: parsePublicKey(publicKey),
        nonce: 0n,
        permission: { kind: "FullAccess" },
      },
    ],
    isCall: false,
  };
}

/** The ledger's bytes for a change of an account's access keys. */
export function encodeKeyChangePayload({ kind, publicKey }: KeyChangePayload): Uint8Array {
  return Buffer.from(JSON.stringify({ kind, publicKey }));
}

/** The action that adds a key with full access to the account that signs, or deletes one of its keys. */
export function keyChangeIntent(accountId: string, payload: Uint8Array): Intent {
  const change = JSON.parse(Buffer.from(payload).toString("utf8")) as KeyChangePayload;
  return { receiverId: accountId, actions: [keyChangeAction(change)], isCall: false };
}

function keyChangeAction({ kind, publicKey: text }: KeyChangePayload): Action {
  const publicKey = parsePublicKey(text);
  switch (kind) {
    case "add":
      return { kind: "AddKey", publicKey, nonce: 0n, permission: { kind: "FullAccess" } };
    case "delete":
      return { kind: "DeleteKey", publicKey };
  }
}

/** yoctoNEAR that an intent hands on. */
export function intentDeposit(intent: Intent): bigint {
  const actions: NonDelegateAction[] = intent.actions.flatMap((action) =>
    action.kind === "Delegate" ? action.signedDelegate.delegateAction.actions : [action],
  );
  return attachedDeposit(actions);
}
