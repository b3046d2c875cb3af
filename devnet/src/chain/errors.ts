/** Serde's JSON of a Rust enum: a unit variant is its name, any other an object with the name as its only key. */
export type ErrorVariant = string | Readonly<Record<string, unknown>>;

/**
 * A transaction that never becomes part of the chain: nearcore's InvalidTxError (core/primitives/src/errors.rs).
 */
export class InvalidTransaction extends Error {
  readonly error: ErrorVariant;

  constructor(error: ErrorVariant) {
    super(typeof error === "string" ? error : JSON.stringify(error));
    this.error = error;
  }
}

/** An action that failed and takes its receipt with it: nearcore's ActionErrorKind (core/primitives/src/errors.rs). */
export class ActionFailure extends Error {
  readonly kind: ErrorVariant;

  constructor(kind: ErrorVariant) {
    super(typeof kind === "string" ? kind : JSON.stringify(kind));
    this.kind = kind;
  }
}

interface RawJson {
  readonly rawJSON: string;
}

/** A u64 as nearcore's JSON has it, a bare number, also above 2^53. */
export function u64(value: bigint): number | RawJson {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  return (JSON as unknown as { rawJSON(text: string): RawJson }).rawJSON(value.toString());
}
