import { LockKey } from "@countersign/crypto/lock/lock-key.ts";
import { randomScalar } from "@countersign/crypto/lock/lock-suite.ts";
import type { NewLockKey, SuiteNumber } from "./lock-key-records.ts";
import { lockSuite } from "./lock-suites.ts";

/** A lock key of the random bytes, with its exponent, which who asks for it wipes. */
export function newLockKey(
  suite: SuiteNumber,
  random: (bytes: number) => Uint8Array,
): Omit<NewLockKey, "sealed"> & { readonly exponent: Uint8Array } {
  const exponent = randomScalar(lockSuite(suite), random);
  const { keyId, commitment } = publicHalf(suite, exponent);
  return { keyId, suite, commitment, exponent };
}

/** What everybody may know of the lock key with this exponent. */
export function publicHalf(
  suite: SuiteNumber,
  exponent: Uint8Array,
): Pick<NewLockKey, "keyId" | "commitment"> {
  const key = new LockKey(lockSuite(suite), exponent);
  key.wipe();
  return { keyId: key.id, commitment: key.commitment };
}
