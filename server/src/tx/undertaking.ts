import { parentAccountId } from "@countersign/near";
import { accountGasBound, delegateGasBound } from "../budget/gas-bound.ts";
import type { AcceptInput, BudgetAmounts } from "../ledger/ledger.ts";
import type { AccountCreation, AccountSubject } from "../rules/account-rules.ts";
import type { DelegateSubject } from "../rules/delegate-subject.ts";
import { encodeAccountPayload } from "./payload.ts";

/** What the relay takes on when it accepts a request. */
export interface Undertaking extends Pick<AcceptInput, "replayMark"> {
  readonly submission: Omit<AcceptInput["submission"], "id" | "network">;
  /** The group in which it keeps its order where the caller names none; null for any order. */
  readonly orderingGroup: string | null;
  /** Whether no other undertaking like it for the same account may be open. */
  readonly exclusiveAccount: boolean;
  /** What it may cost at most. */
  readonly cost: BudgetAmounts;
}

/** To relay a delegate that passed the rules. */
export function delegateUndertaking({ decoded, bytes }: DelegateSubject): Undertaking {
  if (typeof decoded === "string") throw new Error("a delegate that cannot be read passed the rules");
  const { action, publicKey, hashText, deposit } = decoded;
  return {
    submission: {
      kind: "DELEGATE",
      accountId: action.senderId,
      receiverId: action.receiverId,
      delegateHash: hashText,
      payload: bytes,
      requiredRelayer: null,
      expiresAtHeight: action.maxBlockHeight,
    },
    replayMark: {
      senderId: action.senderId,
      publicKey,
      nonce: action.nonce,
      delegateHash: hashText,
      maxBlockHeight: action.maxBlockHeight,
    },
    // One that overtakes another of its key ends it: the key's nonce on the chain is past it then.
    orderingGroup: `key/${action.senderId}/${publicKey}`,
    exclusiveAccount: false,
    cost: { accounts: 0n, gas: delegateGasBound(action.actions, bytes.length), deposit },
  };
}

/** The ledger's bytes for an account that a caller wants created. */
export function accountPayload(account: Omit<AccountSubject, "asker">): Uint8Array {
  const { accountId, publicKey, initialBalance, registrationArgs } = account;
  return encodeAccountPayload({
    accountId,
    publicKey,
    initialBalance: initialBalance.toString(),
    registrationArgs,
  });
}

/** To create an account. A sub-account is created by its parent alone; a registrar can be called by any relayer. */
export function accountUndertaking(
  { accountId, initialBalance }: Omit<AccountSubject, "asker">,
  payload: Uint8Array,
  creation: AccountCreation | undefined,
): Undertaking {
  const registrar = creation?.registrar;
  return {
    submission: {
      kind: "CREATE_ACCOUNT",
      accountId,
      receiverId: accountId,
      delegateHash: null,
      payload,
      requiredRelayer: registrar === undefined ? parentAccountId(accountId) : null,
      expiresAtHeight: null,
    },
    replayMark: null,
    orderingGroup: null,
    exclusiveAccount: true,
    cost: { accounts: 1n, gas: accountGasBound(registrar?.gas, payload.length), deposit: initialBalance },
  };
}
