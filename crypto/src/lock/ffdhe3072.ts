import { invert } from "@noble/curves/abstract/modular.js";
import { bytesToNumberBE, numberToBytesBE } from "@noble/curves/utils.js";
import type { Random } from "../encodings.ts";
import { P, publicPower, Q, type SecretPower } from "./ffdhe3072-power.ts";
import { jacobi } from "./jacobi.ts";
import { LockError } from "./lock-error.ts";
import { assertSize, FFDHE3072, type LockSuite } from "./lock-suite.ts";

/** The base: 2 is a quadratic residue, since p = 7 modulo 8. */
const BASE = 2n;
const BASE_BYTES = encode(BASE);

/** Suite 2, with the platform's way to compute powers. `random` hides what is inverted. */
export function ffdhe3072(power: SecretPower, random: Random): LockSuite {
  return {
    ...FFDHE3072,
    assertElement,
    assertScalar: (bytes) => {
      const scalar = toScalar(bytes);
      if (scalar === 0n || scalar >= Q) {
        throw new LockError("INVALID_SCALAR", "a scalar is zero or not below the group's order");
      }
    },
    reduceWide: (wide) => encode(bytesToNumberBE(wide) % Q),
    invert: (scalar) => {
      const bytes = random(FFDHE3072.scalarSize);
      const mask = (bytesToNumberBE(bytes) % (Q - 1n)) + 1n;
      bytes.fill(0);
      // Euclid's steps tell about what is inverted: here a product that is random.
      return encode((mask * invert((mask * toScalar(scalar)) % Q, Q)) % Q);
    },
    addProduct: (a, b, c) => encode((toScalar(a) + toScalar(b) * toScalar(c)) % Q),
    multiply: (scalar, element) => {
      assertElement(element);
      return power(element, scalar);
    },
    multiplyBase: (scalar) => power(BASE_BYTES, scalar),
    difference: (a, x, b, y) => {
      const plus = publicPower(x === undefined ? BASE : decode(x), toScalar(a));
      const minus = publicPower(invert(decode(y), P), toScalar(b));
      const difference = (plus * minus) % P;
      return difference === 1n ? undefined : encode(difference);
    },
  };
}

function assertElement(bytes: Uint8Array): void {
  const element = decode(bytes);
  if (element === 1n) throw new LockError("INVALID_ELEMENT", "an element is the identity");
  if (element >= P) throw new LockError("INVALID_ELEMENT", "an element is not below p");
  if (jacobi(element, P) !== 1) throw new LockError("INVALID_ELEMENT", "an element is no quadratic residue");
}

function decode(bytes: Uint8Array): bigint {
  assertSize(bytes, FFDHE3072.elementSize, "INVALID_ELEMENT");
  return bytesToNumberBE(bytes);
}

function toScalar(bytes: Uint8Array): bigint {
  assertSize(bytes, FFDHE3072.scalarSize, "INVALID_SCALAR");
  return bytesToNumberBE(bytes);
}

function encode(value: bigint): Uint8Array {
  return numberToBytesBE(value, FFDHE3072.elementSize);
}
