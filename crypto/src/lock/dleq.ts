// Chaum–Pedersen's proof that two pairs have the same discrete logarithm, made non-interactive by Fiat–Shamir: the relay
// applied or removed the lock that its commitment names, and no other.
import { equalBytes } from "@noble/curves/utils.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Random } from "../encodings.ts";
import { LockError } from "./lock-error.ts";
import { type LockSuite, randomScalar } from "./lock-suite.ts";

const DOMAIN = utf8ToBytes("countersign/lock-dleq/v1");

/** That one s makes S = s·B and Y = s·X. */
export interface EqualLogs {
  /** S, the lock key's commitment. */
  readonly commitment: Uint8Array;
  readonly x: Uint8Array;
  readonly y: Uint8Array;
}

/**
 * The proof: challenge c and response z, two scalars. Takes `wideSize` random bytes, which have to be new ones: two proofs
 * with one nonce give the secret away. The statement's elements are good ones.
 */
export function proveEqualLogs(
  suite: LockSuite,
  secret: Uint8Array,
  statement: EqualLogs,
  random: Random,
): Uint8Array {
  const nonce = randomScalar(suite, random);
  try {
    const a1 = suite.multiplyBase(nonce);
    const a2 = suite.multiply(nonce, statement.x);
    const challenge = challengeOf(suite, statement, a1, a2);
    return concatBytes(challenge, suite.addProduct(nonce, challenge, secret));
  } finally {
    nonce.fill(0);
  }
}

/** Whether the proof holds. One that is malformed does not, and no statement with a bad element has one. */
export function verifyEqualLogs(suite: LockSuite, statement: EqualLogs, proof: Uint8Array): boolean {
  if (proof.length !== 2 * suite.scalarSize) return false;
  const [c, z] = [proof.subarray(0, suite.scalarSize), proof.subarray(suite.scalarSize)];
  const { commitment, x, y } = statement;
  try {
    for (const scalar of [c, z]) suite.assertScalar(scalar);
    for (const element of [commitment, x, y]) suite.assertElement(element);
  } catch (error) {
    if (!(error instanceof LockError)) throw error;
    return false;
  }
  const a1 = suite.difference(z, undefined, c, commitment);
  const a2 = suite.difference(z, x, c, y);
  if (a1 === undefined || a2 === undefined) return false;
  return equalBytes(challengeOf(suite, statement, a1, a2), c);
}

function challengeOf(
  suite: LockSuite,
  { commitment, x, y }: EqualLogs,
  a1: Uint8Array,
  a2: Uint8Array,
): Uint8Array {
  return suite.reduceWide(sha512(concatBytes(DOMAIN, Uint8Array.of(suite.number), commitment, x, y, a1, a2)));
}
