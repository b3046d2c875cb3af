import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { type Action, parentAccountId, type SignedDelegate, type Transaction } from "@countersign/near";
import { DomainError } from "@countersign/service-kit";

/** An action that changes the access keys of the account that it goes to. */
export type AccessKeyAction = Extract<Action, { kind: "AddKey" | "DeleteKey" }>;

/** What a transaction does, read from its bytes alone. Deposits in yoctoNEAR. */
export type Intent =
  | { readonly kind: "delegate"; readonly signedDelegate: SignedDelegate }
  | { readonly kind: "sub_account"; readonly accountId: string; readonly deposit: bigint }
  | { readonly kind: "call"; readonly receiverId: string; readonly call: FunctionCall }
  | { readonly kind: "key_changes"; readonly changes: readonly AccessKeyAction[] }
  | { readonly kind: "transfer"; readonly receiverId: string; readonly deposit: bigint };

/** A contract call. */
export type FunctionCall = Extract<Action, { kind: "FunctionCall" }>;

/**
 * The one thing that all actions of the transaction are for. Throws SIGNER_TRANSACTION_MALFORMED for a delegate that
 * the chain would refuse (NEP-366), and SIGNER_PURPOSE_NOT_ALLOWED for every other transaction that is none of these.
 */
export function deriveIntent(transaction: Transaction): Intent {
  const { actions, receiverId, signerId } = transaction;
  if (actions.some(({ kind }) => kind === "Delegate")) return delegate(transaction);
  const [first, second, third] = actions;
  if (actions.length === 1 && first?.kind === "Transfer") {
    return { kind: "transfer", receiverId, deposit: first.deposit };
  }
  if (actions.length === 1 && first?.kind === "FunctionCall")
    return { kind: "call", receiverId, call: first };
  if (
    actions.length === 3 &&
    first?.kind === "CreateAccount" &&
    second?.kind === "Transfer" &&
    third?.kind === "AddKey" &&
    third.permission.kind === "FullAccess" &&
    third.nonce === 0n &&
    parentAccountId(receiverId) === signerId
  ) {
    return { kind: "sub_account", accountId: receiverId, deposit: second.deposit };
  }
  const changes = actions.filter((a) => a.kind === "AddKey" || a.kind === "DeleteKey");
  if (receiverId === signerId && changes.length > 0 && changes.length === actions.length) {
    return { kind: "key_changes", changes };
  }
  throw new DomainError(
    ErrorReason.SIGNER_PURPOSE_NOT_ALLOWED,
    `actions ${namesOf(actions)} to ${receiverId} are together nothing that a policy can allow`,
  );
}

/** A delegate travels alone and to its sender: the chain refuses any other one and keeps the relayer's fee. */
function delegate({ actions: [first, ...others], receiverId }: Transaction): Intent {
  if (first?.kind !== "Delegate" || others.length > 0) {
    throw malformed("a delegate must be the only action of its transaction");
  }
  if (first.signedDelegate.delegateAction.senderId !== receiverId) {
    throw malformed("the receiver is not the delegate's sender");
  }
  return { kind: "delegate", signedDelegate: first.signedDelegate };
}

function namesOf(actions: readonly Action[]): string {
  return actions.length === 0 ? "(none)" : [...new Set(actions.map(({ kind }) => kind))].join(", ");
}

function malformed(message: string): DomainError {
  return new DomainError(ErrorReason.SIGNER_TRANSACTION_MALFORMED, message);
}
