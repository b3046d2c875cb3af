import { ChainError, type ChainErrorKind } from "./chain-error.ts";
import type { RpcError } from "./json-rpc.ts";
import { nodeError } from "./node-error.ts";

/** Names of `error.cause.name` (https://docs.near.org/api/rpc/errors) and what they mean to the relay. */
const BY_CAUSE: Readonly<Record<string, ChainErrorKind>> = {
  UNKNOWN_TRANSACTION: "unknown-transaction",
  UNKNOWN_ACCOUNT: "unknown-account",
  UNKNOWN_ACCESS_KEY: "unknown-access-key",
  CONTRACT_EXECUTION_ERROR: "contract-failed",
  NO_CONTRACT_CODE: "contract-failed",
  TIMEOUT_ERROR: "timeout",
  NOT_SYNCED_YET: "not-synced",
  NO_SYNCED_BLOCKS: "not-synced",
  UNAVAILABLE_SHARD: "not-synced",
  UNKNOWN_BLOCK: "not-synced",
  GARBAGE_COLLECTED_BLOCK: "not-synced",
  DOES_NOT_TRACK_SHARD: "not-synced",
  INTERNAL_ERROR: "unavailable",
  REQUEST_ROUTED: "timeout",
};

/**
 * Variants of InvalidTxError (nearcore, core/primitives/src/errors.rs). `refused` are those that follow from the
 * bytes alone; a variant that is not listed decides nothing.
 */
const BY_INVALID_TX: Readonly<Record<string, ChainErrorKind>> = {
  InvalidNonce: "invalid-nonce",
  NonceTooLarge: "not-synced",
  Expired: "expired",
  InvalidChain: "not-synced",
  NotEnoughBalance: "not-enough-balance",
  LackBalanceForState: "not-enough-balance",
  SignerDoesNotExist: "signer-unknown",
  InvalidAccessKeyError: "signer-unknown",
  InvalidSignerId: "refused",
  InvalidReceiverId: "refused",
  InvalidSignature: "refused",
  CostOverflow: "refused",
  ActionsValidation: "refused",
  TransactionSizeExceeded: "refused",
  InvalidTransactionVersion: "refused",
};

/** Longest name of a variant that is repeated, in characters. */
const MAX_NAME = 64;

/**
 * Gives an error that a node answered one of the few kinds that the relay acts on. Unknown errors are
 * `unavailable`: the outcome stays unknown until the chain is asked, and nothing is decided on a guess.
 */
export function classify(error: RpcError): ChainError {
  const invalidTx = invalidTxError(error.body.data) ?? invalidTxError(error.body.cause?.info);
  if (invalidTx !== undefined) {
    const variant = typeof invalidTx === "string" ? invalidTx : (Object.keys(invalidTx)[0] ?? "");
    const kind =
      (Object.hasOwn(BY_INVALID_TX, variant) ? BY_INVALID_TX[variant] : undefined) ?? "unavailable";
    const named = variant.slice(0, MAX_NAME);
    return new ChainError(kind, `the chain refuses the transaction: ${named}`, {
      detail: nodeError(invalidTx),
    });
  }
  const cause = error.body.cause?.name ?? "";
  const kind = Object.hasOwn(BY_CAUSE, cause) ? BY_CAUSE[cause] : undefined;
  return new ChainError(kind ?? "unavailable", `the node answered ${cause || error.message}`, {
    cause: error,
  });
}

/** Finds InvalidTxError in `{TxExecutionError: {InvalidTxError: …}}`, the form of send_tx's error data. */
function invalidTxError(data: unknown): string | object | undefined {
  const execution = property(data, "TxExecutionError") ?? data;
  const invalid = property(execution, "InvalidTxError");
  return typeof invalid === "string" || (typeof invalid === "object" && invalid !== null)
    ? invalid
    : undefined;
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
