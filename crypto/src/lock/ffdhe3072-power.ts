// Exponentiation modulo RFC 7919's ffdhe3072 with JavaScript's integers: windows of four bits, one hexadecimal digit each.
import { bytesToNumberBE, numberToBytesBE } from "@noble/curves/utils.js";
import type { Random } from "../encodings.ts";
import { LockError } from "./lock-error.ts";
import { FFDHE3072 } from "./lock-suite.ts";

/** RFC 7919, appendix A.2: p = 2^3072 − 2^3008 + (⌊2^2942·e⌋ + 2625351)·2^64 − 1. */
export const P: bigint = BigInt(
  "0xffffffffffffffffadf85458a2bb4a9aafdc5620273d3cf1d8b9c583ce2d3695a9e13641146433fbcc939dce249b3ef9" +
    "7d2fe363630c75d8f681b202aec4617ad3df1ed5d5fd65612433f51f5f066ed0856365553ded1af3b557135e7f57c935" +
    "984f0c70e0e68b77e2a689daf3efe8721df158a136ade73530acca4f483a797abc0ab182b324fb61d108a94bb2c8e3fb" +
    "b96adab760d7f4681d4f42a3de394df4ae56ede76372bb190b07a7c8ee0a6d709e02fce1cdf7e2ecc03404cd28342f61" +
    "9172fe9ce98583ff8e4f1232eef28183c3fe3b1b4c6fad733bb5fcbc2ec22005c58ef1837d1683b2c6f34a26c1b2effa" +
    "886b4238611fcfdcde355b3b6519035bbc34f4def99c023861b46fc9d6e6c9077ad91d2691f7f7ee598cb0fac186d91c" +
    "aefe130985139270b4130c93bc437944f4fd4452e2d74dd364f2e21e71f54bff5cae82ab9c9df69ee86d2bc522363a0d" +
    "abc521979b0deada1dbf9a42d5c4484e0abcd06bfa53ddef3c1b20ee3fd59d7c25e41d2b66c62e37ffffffffffffffff",
);

/** The order of the quadratic residues, a prime. */
export const Q: bigint = (P - 1n) / 2n;

/** base^exponent modulo p, for a secret exponent and a quadratic residue: 384 bytes each, big-endian. */
export type SecretPower = (base: Uint8Array, exponent: Uint8Array) => Uint8Array;

/** Bytes of the multiple of q that hides an exponent. */
const BLINDING_SIZE = 8;

/**
 * The power of a secret exponent where there is nothing better than JavaScript's integers, whose time depends on their
 * values: each time another random multiple of q (8 bytes of `random`) is added to the exponent, which changes nothing
 * but the digits that are gone through. Takes about 60 ms.
 */
export function blindedPower(random: Random): SecretPower {
  return (base, exponent) => {
    const blinding = random(BLINDING_SIZE);
    if (blinding.length !== BLINDING_SIZE) {
      throw new LockError(
        "INVALID_SCALAR",
        `the generator gave ${blinding.length} bytes, not ${BLINDING_SIZE}`,
      );
    }
    const blinded = bytesToNumberBE(exponent) + bytesToNumberBE(blinding) * Q;
    blinding.fill(0);
    const digits = blinded.toString(16).padStart(2 * (FFDHE3072.scalarSize + BLINDING_SIZE), "0");
    return numberToBytesBE(powerOf(bytesToNumberBE(base), digits), FFDHE3072.elementSize);
  };
}

/** base^exponent modulo p, both public. */
export function publicPower(base: bigint, exponent: bigint): bigint {
  return powerOf(base, exponent.toString(16));
}

function powerOf(base: bigint, hexDigits: string): bigint {
  const powers = [1n];
  for (let i = 1; i < 16; i++) powers.push(((powers[i - 1] ?? 1n) * base) % P);
  let result = 1n;
  for (const digit of hexDigits) {
    for (let i = 0; i < 4; i++) result = (result * result) % P;
    result = (result * (powers[Number.parseInt(digit, 16)] ?? 1n)) % P;
  }
  return result;
}
