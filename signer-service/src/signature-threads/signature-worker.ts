import { sign, verify } from "node:crypto";
import { type MessagePort, parentPort } from "node:worker_threads";
import { type JobBatch, packAnswers, unpackJobs } from "./job-batch.ts";
import type { SignatureAnswer, SignatureJob } from "./signature-job.ts";

// The thread: takes several jobs at a time, and answers all of them in one message, in their order.

const port = parentPort as MessagePort;
port.on("message", (batch: JobBatch) => port.postMessage(packAnswers(unpackJobs(batch).map(answerTo))));

function answerTo(job: SignatureJob): SignatureAnswer {
  try {
    if (job.signature === undefined) {
      const { data, keys } = job;
      const signature = sign(null, data, keys.privateKey);
      return verify(null, data, keys.publicKey, signature) && signature;
    }
    // KeyObject and SpkiKey are both what `verify` takes.
    const { key, data, signature } = job;
    return "format" in key
      ? verify(null, data, { ...key, key: Buffer.from(key.key) }, signature)
      : verify(null, data, key, signature);
  } catch (error) {
    // A key or a signature that cannot be read verifies nothing.
    return job.signature !== undefined
      ? false
      : { failure: error instanceof Error ? error.message : String(error) };
  }
}
