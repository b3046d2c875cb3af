import { secp256k1 } from "@noble/curves/secp256k1.js";
import { reduce, toInteger } from "./scalar.ts";

/** 1/scalar modulo n, for scalars that both parties know: the time depends on it. Throws for zero. */
export function invertPublic(scalar: Uint8Array): Uint8Array {
  return reduce(secp256k1.Point.Fn.inv(toInteger(scalar)));
}
