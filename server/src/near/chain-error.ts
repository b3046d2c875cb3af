/**
 * What can go wrong between the relay and the chain, in as many kinds as the relay acts on differently.
 *
 * - `invalid-nonce`, `expired`: this transaction did not land by this call; it may have landed before.
 * - `not-enough-balance`: the relayer cannot pay (now).
 * - `signer-unknown`: the node does not know the relayer's account or key (now).
 * - `refused`: the bytes can never be executed, whatever the chain's state.
 * - `unknown-transaction`, `unknown-account`, `unknown-access-key`: a question's negative answer.
 * - `contract-failed`: a view method panicked or does not exist, or the account holds no contract.
 * - `not-synced`: the node is behind; another one, or the same one later, can answer.
 * - `rate-limited`, `timeout`, `unavailable`: no usable answer; the outcome is unknown.
 */
export type ChainErrorKind =
  | "invalid-nonce"
  | "expired"
  | "not-enough-balance"
  | "signer-unknown"
  | "refused"
  | "unknown-transaction"
  | "unknown-account"
  | "unknown-access-key"
  | "contract-failed"
  | "not-synced"
  | "rate-limited"
  | "timeout"
  | "unavailable";

/** Kinds after which another endpoint, or the same one later, may answer. */
const TRANSIENT: ReadonlySet<ChainErrorKind> = new Set([
  "not-synced",
  "rate-limited",
  "timeout",
  "unavailable",
]);

/** An error of the chain, or on the way to it. `detail` is the chain's own error, for the caller to see. */
export class ChainError extends Error {
  override readonly name = "ChainError";
  readonly kind: ChainErrorKind;
  readonly detail: unknown;
  /** How long the endpoint asked not to be called, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: ChainErrorKind,
    message: string,
    options?: { cause?: unknown; detail?: unknown; retryAfterMs?: number | undefined },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.detail = options?.detail;
    this.retryAfterMs = options?.retryAfterMs;
  }

  /** Whether nothing was learnt, so that asking again makes sense. */
  get transient(): boolean {
    return TRANSIENT.has(this.kind);
  }
}
