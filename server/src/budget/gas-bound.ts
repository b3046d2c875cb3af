import type { NonDelegateAction } from "@countersign/near";

/**
 * Bounds in gas units, each above what sending and executing burn together in nearcore's fee config of protocol
 * version 84 (core/parameters), by a fifth or more.
 */
const TGAS = 10n ** 12n;
/** The transaction, the Delegate action, and the receipts of both. */
const BASE = 2n * TGAS;
const ACTION: Readonly<Record<NonDelegateAction["kind"], bigint>> = {
  CreateAccount: 10n * TGAS,
  DeployContract: TGAS,
  FunctionCall: 2n * TGAS,
  // To an implicit account that does not exist yet, it creates the account and its key as well.
  Transfer: 10n * TGAS,
  Stake: TGAS,
  AddKey: TGAS,
  DeleteKey: TGAS,
  DeleteAccount: TGAS,
};
/** The dearest byte is one of a contract's code. */
const BYTE = 150_000_000n;
/** How much longer a number of a call's JSON can become when it is written again: 1e20 has 21 digits. */
const JSON_GROWTH = 6n;

/**
 * Most gas that relaying the actions in a delegate can cost: what they attach, and what nearcore burns around it.
 * Refunds are not counted: their gas is free. `payloadBytes` is the length of the SignedDelegate.
 */
export function delegateGasBound(actions: readonly NonDelegateAction[], payloadBytes: number): bigint {
  return actions.reduce(
    (sum, action) => sum + ACTION[action.kind] + (action.kind === "FunctionCall" ? action.gas : 0n),
    BASE + BigInt(payloadBytes) * BYTE,
  );
}

/**
 * Most gas that creating an account can cost: by a registrar's call that attaches `registrarGas`, else as a
 * sub-account. `payloadBytes` is the length of the ledger's payload.
 */
export function accountGasBound(registrarGas: bigint | undefined, payloadBytes: number): bigint {
  return registrarGas === undefined
    ? BASE + ACTION.CreateAccount + ACTION.Transfer + ACTION.AddKey
    : BASE + ACTION.FunctionCall + registrarGas + BigInt(payloadBytes) * JSON_GROWTH * BYTE;
}
