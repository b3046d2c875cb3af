import { type MessagePort, parentPort } from "node:worker_threads";
import { LockError } from "@countersign/crypto/lock/lock-error.ts";
import { LockKey } from "@countersign/crypto/lock/lock-key.ts";
import { lockSuite } from "../lock-suites.ts";
import type { LockThreadAnswer, LockThreadJob } from "./lock-thread-job.ts";

// The thread: takes one job at a time, and keeps nothing of it.

const port = parentPort as MessagePort;
port.on("message", (job: LockThreadJob) => port.postMessage(answerTo(job)));

function answerTo(job: LockThreadJob): LockThreadAnswer {
  const { operation, suite, exponent, commitment, element, nonce } = job;
  let key: LockKey | undefined;
  try {
    key = new LockKey(lockSuite(suite), exponent, commitment);
    const answer = key[operation](element, () => nonce);
    return { kind: "done", ...answer };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const isElement = error instanceof LockError && error.fault === "INVALID_ELEMENT";
    return { kind: isElement ? "refused" : "failed", message };
  } finally {
    key?.wipe();
    exponent.fill(0);
    nonce.fill(0);
  }
}
