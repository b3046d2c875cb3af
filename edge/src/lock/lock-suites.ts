import { randomBytes } from "node:crypto";
import { ffdhe3072 } from "@countersign/crypto/lock/ffdhe3072.ts";
import { blindedPower } from "@countersign/crypto/lock/ffdhe3072-power.ts";
import type { LockSuite } from "@countersign/crypto/lock/lock-suite.ts";
import { ristretto255 } from "@countersign/crypto/lock/ristretto255.ts";
import type { SuiteNumber } from "./lock-key-records.ts";

/**
 * In JavaScript: the platform compiles no WebAssembly from bytes, as libsodium would have it, and its cryptography has no
 * Diffie–Hellman over a group of ours. Its clocks stand still while it computes, so that nothing can be timed from within.
 */
const SUITES: Readonly<Record<SuiteNumber, LockSuite>> = {
  1: ristretto255,
  2: ffdhe3072(blindedPower(randomBytes), randomBytes),
};

/** The suite of that byte. */
export function lockSuite(suite: SuiteNumber): LockSuite {
  return SUITES[suite];
}
