import { LockError } from "@countersign/crypto/lock/lock-error.ts";
import { LockKey } from "@countersign/crypto/lock/lock-key.ts";
import { lockSuite } from "../lock-suites.ts";
import type { LockThreadAnswer, LockThreadJob } from "./lock-thread-job.ts";

/** Does a job, and wipes what is secret in it. */
export function answerTo(job: LockThreadJob): LockThreadAnswer {
  const { operation, suite, exponent, inverse, commitment, element, nonce } = job;
  let key: LockKey | undefined;
  try {
    key = new LockKey(lockSuite(suite), exponent, { commitment, inverse });
    const answer = key[operation](element, () => nonce);
    return { kind: "done", ...answer };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const isElement = error instanceof LockError && error.fault === "INVALID_ELEMENT";
    return { kind: isElement ? "refused" : "failed", message };
  } finally {
    key?.wipe();
    for (const secret of [exponent, inverse, nonce]) secret.fill(0);
  }
}
