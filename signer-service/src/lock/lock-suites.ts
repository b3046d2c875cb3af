import { randomBytes } from "node:crypto";
import { ffdhe3072 } from "@countersign/crypto/lock/ffdhe3072.ts";
import { opensslPower } from "@countersign/crypto/lock/ffdhe3072-node.ts";
import type { LockSuite } from "@countersign/crypto/lock/lock-suite.ts";
import { chooseLibsodium } from "./choose-libsodium.ts";
import { nativeLibsodium } from "./libsodium-native.ts";
import { wasmLibsodium } from "./libsodium-wasm.ts";
import type { SuiteNumber } from "./lock-key-records.ts";

/** What computes suite 1 here. */
export const ristretto255Arithmetic = await chooseLibsodium([...nativeLibsodium, wasmLibsodium]);

const SUITES: Readonly<Record<SuiteNumber, LockSuite>> = {
  1: ristretto255Arithmetic.suite,
  2: ffdhe3072(opensslPower, randomBytes),
};

/** The suite of that byte, with the arithmetic that is fastest here. */
export function lockSuite(suite: SuiteNumber): LockSuite {
  return SUITES[suite];
}
