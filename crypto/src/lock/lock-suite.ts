// The group that a server lock is computed in. Everything is raw bytes, so that a platform may bring its own arithmetic.
import type { Random } from "../encodings.ts";
import { LockError } from "./lock-error.ts";

/** A suite's byte in hashes and envelopes, and its sizes in bytes. */
export interface SuiteParameters {
  readonly number: 1 | 2;
  readonly elementSize: number;
  readonly scalarSize: number;
  /** Bytes that a random scalar is reduced from: so many that it is uniform. */
  readonly wideSize: number;
}

/** LOCK_SUITE_RISTRETTO255_V1, the default: RFC 9496, scalars little-endian modulo ℓ. */
export const RISTRETTO255: SuiteParameters = { number: 1, elementSize: 32, scalarSize: 32, wideSize: 64 };

/**
 * LOCK_SUITE_FFDHE3072_V1: quadratic residues modulo RFC 7919's ffdhe3072, for clients that have integers alone. Elements
 * and exponents (modulo q = (p − 1) / 2) are big-endian.
 */
export const FFDHE3072: SuiteParameters = { number: 2, elementSize: 384, scalarSize: 384, wideSize: 400 };

/** The suite of that byte; undefined when there is none. */
export function suiteParameters(number: number): SuiteParameters | undefined {
  return [RISTRETTO255, FFDHE3072].find((suite) => suite.number === number);
}

/**
 * A group of prime order, written additively. Elements that are given to arithmetic passed `assertElement` or came out of
 * arithmetic; scalars passed `assertScalar` or are `randomScalar`'s. What is secret is computed as evenly in time as the
 * platform allows: docs/lock.md says how evenly that is.
 */
export interface LockSuite extends SuiteParameters {
  /** Throws LockError unless these bytes are the one encoding of an element that is not the identity. */
  assertElement(bytes: Uint8Array): void;
  /** Throws LockError unless these bytes are the one encoding of a scalar that is not zero. */
  assertScalar(bytes: Uint8Array): void;
  /** Bytes of a hash (64) or of a generator (`wideSize`) as a scalar, in the suite's byte order; it may be zero. */
  reduceWide(wide: Uint8Array): Uint8Array;
  /** 1 / scalar. The scalar is secret. */
  invert(scalar: Uint8Array): Uint8Array;
  /** a + b·c. All are secret but b. */
  addProduct(a: Uint8Array, b: Uint8Array, c: Uint8Array): Uint8Array;
  /** scalar·element. The scalar is secret. Throws LockError as `assertElement` does, before the scalar is used. */
  multiply(scalar: Uint8Array, element: Uint8Array): Uint8Array;
  /** scalar·B. The scalar is secret. */
  multiplyBase(scalar: Uint8Array): Uint8Array;
  /** a·x − b·y, or a·B − b·y without an x, for public inputs; undefined for the identity. */
  difference(a: Uint8Array, x: Uint8Array | undefined, b: Uint8Array, y: Uint8Array): Uint8Array | undefined;
}

/** A scalar of `wideSize` random bytes: a lock, a relay's key, a nonce. Who asks for it wipes it. Throws LockError. */
export function randomScalar(suite: LockSuite, random: Random): Uint8Array {
  const wide = random(suite.wideSize);
  try {
    if (wide.length !== suite.wideSize) {
      throw new LockError("INVALID_SCALAR", `the generator gave ${wide.length} bytes, not ${suite.wideSize}`);
    }
    const scalar = suite.reduceWide(wide);
    suite.assertScalar(scalar);
    return scalar;
  } finally {
    wide.fill(0);
  }
}

/** Throws LockError unless there are so many bytes. */
export function assertSize(
  bytes: Uint8Array,
  size: number,
  fault: "INVALID_ELEMENT" | "INVALID_SCALAR",
): void {
  if (bytes.length === size) return;
  const what = fault === "INVALID_ELEMENT" ? "an element" : "a scalar";
  throw new LockError(fault, `${what} has ${bytes.length} bytes, not ${size}`);
}
