import { timingSafeEqual } from "node:crypto";
import { LockError } from "@countersign/crypto/lock/lock-error.ts";
import { assertSize, type LockSuite } from "@countersign/crypto/lock/lock-suite.ts";
import { ristretto255 } from "@countersign/crypto/lock/ristretto255.ts";
import type { Libsodium } from "./libsodium.ts";

const SIZE = ristretto255.elementSize;
const ZEROS = new Uint8Array(SIZE);

/** Where bytes are put while a function works. */
type Input = readonly [place: Uint8Array, bytes: Uint8Array];

/**
 * Suite 1 with libsodium, which takes secrets in constant time. It sees places of its own memory and no other bytes, so that
 * no input is longer than it believes; they are wiped after each use.
 */
export function libsodiumRistretto255(sodium: Libsodium): LockSuite {
  const memory = sodium.allocate(6 * SIZE);
  const place = (index: number, size = SIZE) => memory.subarray(index * SIZE, index * SIZE + size);
  const [out, a, b, c, wide] = [place(0), place(1), place(2), place(3), place(4, 2 * SIZE)];

  /** Puts the bytes at their places while `use` runs. What is shorter than its place has zeros behind it. */
  function using<T>(inputs: readonly Input[], use: () => T): T {
    try {
      for (const [at, bytes] of inputs) at.set(bytes);
      return use();
    } finally {
      memory.fill(0);
    }
  }

  /** What `compute` leaves in `out`. Throws LockError when it answers another number than 0. */
  function computed(inputs: readonly Input[], compute: () => unknown): Uint8Array {
    return using(inputs, () => {
      if ((compute() ?? 0) !== 0) throw noElement();
      return out.slice();
    });
  }

  const reduceWide = (bytes: Uint8Array) => computed([[wide, bytes]], () => sodium.reduceScalar(out, wide));
  return {
    ...ristretto255,
    assertElement: (bytes) => {
      assertSize(bytes, SIZE, "INVALID_ELEMENT");
      const isElement = using([[a, bytes]], () => sodium.isValidPoint(a) === 1);
      // RFC 9496 decodes zeros: they are the identity.
      if (!isElement || bytes.every((byte) => byte === 0)) throw noElement();
    },
    assertScalar: (bytes) => {
      assertSize(bytes, SIZE, "INVALID_SCALAR");
      const reduced = reduceWide(bytes);
      const isReduced = timingSafeEqual(reduced, bytes);
      reduced.fill(0);
      if (isReduced && !timingSafeEqual(bytes, ZEROS)) return;
      throw new LockError("INVALID_SCALAR", "a scalar is zero or not below the group's order");
    },
    reduceWide,
    invert: (scalar) => computed([[a, scalar]], () => sodium.invertScalar(out, a)),
    addProduct: (x, y, z) =>
      computed(
        [
          [a, x],
          [b, y],
          [c, z],
        ],
        () => {
          sodium.multiplyScalars(b, b, c);
          sodium.addScalars(out, a, b);
        },
      ),
    // It decodes the element before all else. The identity gives itself, which is an error, too.
    multiply: (scalar, element) => {
      assertSize(element, SIZE, "INVALID_ELEMENT");
      return computed(
        [
          [a, scalar],
          [b, element],
        ],
        () => sodium.multiply(out, a, b),
      );
    },
    multiplyBase: (scalar) => computed([[a, scalar]], () => sodium.multiplyBase(out, a)),
  };
}

function noElement(): LockError {
  return new LockError(
    "INVALID_ELEMENT",
    "an element is no canonical encoding of ristretto255, or the identity",
  );
}
