import { LockError } from "@countersign/crypto/lock/lock-error.ts";
import type { LockSuite } from "@countersign/crypto/lock/lock-suite.ts";

const bytes = (hex: string): Uint8Array => Buffer.from(hex, "hex");
const repeated = (byte: number): Uint8Array => new Uint8Array(64).fill(byte);

// Numbers of the run in docs/lock.md, "Known answers".
const S = bytes("9ee347fe6465c8674f6114ebf4302f82b10cbb23307fcb0df3b47a3b6815e80a");
const COMMITMENT = bytes("1439053a1792481915616bbe5c824313807d0adb7c0a33ece78adf316b014d31");
const KEK = bytes("62a60a1462ffed036780cfc2395ea87a6a3b6969e7fbc104ee8d8b179aa4835a");
const LOCKED_KEK = bytes("bc99e08bd9000db0facbf271e6bb80ec623ae72ef3a76c153abf81847df7275a");
const PROOF_C = bytes("bc6a135a159e9cdf7fb0173d774d99cd8d0e4e0833b920458d4a4eed9b1ad00e");
const PROOF_Z = bytes("eec560a3f50686e82d56804c85962af45e14aa2fe955d08efff44120b6646e0f");

/** Numbers that are none of the group: not below p, negative, of no point (RFC 9496, appendix A.2), and the identity. */
const NO_ELEMENTS = [
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
  "0000000000000000000000000000000000000000000000000000000000000000",
].map(bytes);

/** Throws an Error unless this suite 1 computes what is known, and refuses what is no element. Takes a millisecond or two. */
export function assertKnownAnswers(suite: LockSuite): void {
  assertEqual("reduceWide", suite.reduceWide(repeated(0x11)), S);
  assertEqual("multiplyBase", suite.multiplyBase(S), COMMITMENT);
  assertEqual("multiply", suite.multiply(S, KEK), LOCKED_KEK);
  assertEqual("invert", suite.multiply(suite.invert(S), LOCKED_KEK), KEK);
  assertEqual("addProduct", suite.addProduct(suite.reduceWide(repeated(0x55)), PROOF_C, S), PROOF_Z);
  suite.assertElement(KEK);
  for (const none of NO_ELEMENTS) {
    assertRefused("assertElement", () => suite.assertElement(none));
    assertRefused("multiply", () => suite.multiply(S, none));
  }
}

function assertEqual(operation: string, is: Uint8Array, known: Uint8Array): void {
  if (Buffer.compare(is, known) !== 0) throw new Error(`${operation} gives a wrong answer`);
}

function assertRefused(operation: string, refused: () => unknown): void {
  try {
    refused();
  } catch (error) {
    if (error instanceof LockError) return;
    throw error;
  }
  throw new Error(`${operation} takes what is no element`);
}
