import { LockError } from "@countersign/crypto/lock/lock-error.ts";
import { assertSize, type LockSuite } from "@countersign/crypto/lock/lock-suite.ts";
import { ristretto255 } from "@countersign/crypto/lock/ristretto255.ts";
import libsodium from "libsodium-sumo";

const SIZE = ristretto255.elementSize;

const sodium = await libsodium();
/** Places in its memory, of 32 bytes each but the last, of 64. */
const OUT = sodium._malloc(6 * SIZE);
const A = OUT + SIZE;
const B = A + SIZE;
const C = B + SIZE;
const WIDE = C + SIZE;
const END = WIDE + 2 * SIZE;

/**
 * Suite 1 with libsodium's WebAssembly: what takes a secret is constant-time as far as WebAssembly is, and several times as
 * fast as noble. Its memory is wiped after each use.
 */
export const libsodiumRistretto255: LockSuite = {
  ...ristretto255,
  assertElement: (bytes) => {
    assertSize(bytes, SIZE, "INVALID_ELEMENT");
    const isElement = using([[A, bytes]], () => sodium._crypto_core_ristretto255_is_valid_point(A) === 1);
    // RFC 9496 decodes zeros: they are the identity.
    if (isElement && bytes.some((byte) => byte !== 0)) return;
    throw new LockError(
      "INVALID_ELEMENT",
      "an element is no canonical encoding of ristretto255, or the identity",
    );
  },
  reduceWide: (wide) =>
    computed([[WIDE, wide]], () => sodium._crypto_core_ristretto255_scalar_reduce(OUT, WIDE)),
  invert: (scalar) => computed([[A, scalar]], () => sodium._crypto_core_ristretto255_scalar_invert(OUT, A)),
  addProduct: (a, b, c) =>
    computed(
      [
        [A, a],
        [B, b],
        [C, c],
      ],
      () => {
        sodium._crypto_core_ristretto255_scalar_mul(B, B, C);
        sodium._crypto_core_ristretto255_scalar_add(OUT, A, B);
      },
    ),
  multiply: (scalar, element) =>
    computed(
      [
        [A, scalar],
        [B, element],
      ],
      () => sodium._crypto_scalarmult_ristretto255(OUT, A, B),
    ),
  multiplyBase: (scalar) =>
    computed([[A, scalar]], () => sodium._crypto_scalarmult_ristretto255_base(OUT, A)),
};

/** What `compute` leaves at OUT. Throws LockError when it answers another number than 0. */
function computed(
  inputs: readonly (readonly [place: number, bytes: Uint8Array])[],
  compute: () => unknown,
): Uint8Array {
  return using(inputs, () => {
    if ((compute() ?? 0) !== 0) throw new LockError("INVALID_ELEMENT", "an element is none of ristretto255");
    return sodium.HEAPU8.slice(OUT, OUT + SIZE);
  });
}

/** Puts the bytes at their places while `use` runs. */
function using<T>(inputs: readonly (readonly [place: number, bytes: Uint8Array])[], use: () => T): T {
  try {
    for (const [place, bytes] of inputs) sodium.HEAPU8.set(bytes, place);
    return use();
  } finally {
    sodium.HEAPU8.fill(0, OUT, END);
  }
}
