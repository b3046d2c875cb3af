import { type Action, attachedGas, type NonDelegateAction } from "@countersign/near";

const TGAS = 10n ** 12n;
/** The transaction, a Delegate action, and their receipts. */
const TRANSACTION = 2n * TGAS;
/** An action that can create an account; a transfer does, to an implicit one. */
const CREATING = 10n * TGAS;
/** Any other action. */
const OTHER = 2n * TGAS;
/** A byte of the transaction; the dearest is one of a contract's code. */
const BYTE = 150_000_000n;

/**
 * The most gas that a transaction can cost: what its actions attach, those in a delegate included, and what is burned
 * around them. Every constant is above nearcore's fees of protocol version 84 (core/parameters), so that a transaction
 * which attaches nothing counts too. `bytes` is the length of the unsigned transaction.
 */
export function gasBound(actions: readonly Action[], bytes: number): bigint {
  const done = actions.flatMap((action): readonly NonDelegateAction[] =>
    action.kind === "Delegate" ? action.signedDelegate.delegateAction.actions : [action],
  );
  return done.reduce(
    (sum, { kind }) => sum + (kind === "CreateAccount" || kind === "Transfer" ? CREATING : OTHER),
    TRANSACTION + attachedGas(done) + BigInt(bytes) * BYTE,
  );
}
