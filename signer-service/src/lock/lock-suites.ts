import { randomBytes } from "node:crypto";
import { ffdhe3072 } from "@countersign/crypto/lock/ffdhe3072.ts";
import { opensslPower } from "@countersign/crypto/lock/ffdhe3072-node.ts";
import type { LockSuite } from "@countersign/crypto/lock/lock-suite.ts";
import { libsodiumRistretto255 } from "./libsodium-ristretto255.ts";
import type { SuiteNumber } from "./lock-key-records.ts";

const SUITES: Readonly<Record<SuiteNumber, LockSuite>> = {
  1: libsodiumRistretto255,
  2: ffdhe3072(opensslPower, randomBytes),
};

/** The suite of that byte, with the arithmetic that is fastest here. */
export function lockSuite(suite: SuiteNumber): LockSuite {
  return SUITES[suite];
}
