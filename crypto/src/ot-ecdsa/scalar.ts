// The integers modulo secp256k1's order n, as 32 bytes, big-endian. Big integers live only inside these functions: they
// can be neither wiped nor computed with in constant time.
import { ProtocolAbort } from "./protocol-abort.ts";
import type { Randomness } from "./run-tools.ts";

export const SCALAR_SIZE = 32;
/** n */
export const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** One view for all conversions: a view of each small array would cost more than the conversion. */
const scratch = new Uint8Array(64);
const scratchView = new DataView(scratch.buffer);

/** Whether these are 32 bytes below n. Zero is a scalar. */
export function isScalar(bytes: Uint8Array): boolean {
  return bytes.length === SCALAR_SIZE && toInteger(bytes) < ORDER;
}

/** Whether all bytes are zero, in constant time. */
export function isZero(bytes: Uint8Array): boolean {
  let seen = 0;
  for (const byte of bytes) seen |= byte;
  return seen === 0;
}

export function addScalars(...terms: readonly Uint8Array[]): Uint8Array {
  return reduce(terms.reduce((sum, term) => sum + toInteger(term), 0n));
}

/** a − b */
export function subtractScalars(a: Uint8Array, b: Uint8Array): Uint8Array {
  return reduce(toInteger(a) - toInteger(b));
}

export function multiplyScalars(...factors: readonly Uint8Array[]): Uint8Array {
  return reduce(factors.reduce((product, factor) => (product * toInteger(factor)) % ORDER, 1n));
}

export function negateScalar(scalar: Uint8Array): Uint8Array {
  return reduce(-toInteger(scalar));
}

/** A random scalar that is not zero: 32 bytes of the generator. Throws ProtocolAbort for a generator that is broken. */
export function randomScalar(random: Randomness, purpose: string): Uint8Array {
  const bytes = randomBytes(random, purpose, SCALAR_SIZE);
  // Chance does this once in 2^127 times.
  if (!isScalar(bytes) || isZero(bytes)) throw new ProtocolAbort("the generator gave no scalar");
  return bytes;
}

/** Takes `size` bytes of the generator. Throws ProtocolAbort when it gives another number. */
export function randomBytes(random: Randomness, purpose: string, size: number): Uint8Array {
  const bytes = random(purpose, size);
  if (bytes.length !== size) throw new ProtocolAbort(`the generator gave ${bytes.length} bytes, not ${size}`);
  return bytes;
}

/** Whole 8-byte words, big-endian, as an integer: at most 64 bytes. */
export function toInteger(bytes: Uint8Array): bigint {
  scratch.set(bytes);
  let value = 0n;
  for (let offset = 0; offset < bytes.length; offset += 8) {
    value = (value << 64n) | scratchView.getBigUint64(offset);
  }
  scratch.fill(0);
  return value;
}

/** An integer modulo n, in 32 bytes. */
export function reduce(value: bigint): Uint8Array {
  const bytes = new Uint8Array(SCALAR_SIZE);
  writeReduced(value, bytes);
  return bytes;
}

/** The same into 32 bytes that are there. */
export function writeReduced(value: bigint, target: Uint8Array): void {
  let rest = value % ORDER;
  if (rest < 0n) rest += ORDER;
  for (let offset = SCALAR_SIZE - 8; offset >= 0; offset -= 8) {
    // The lowest 64 bits are taken.
    scratchView.setBigUint64(offset, rest);
    rest >>= 64n;
  }
  for (let i = 0; i < SCALAR_SIZE; i++) target[i] = scratch[i] ?? 0;
  scratch.fill(0);
}
