import { sign } from "node:crypto";
import { type MessagePort, parentPort } from "node:worker_threads";
import { isEd25519Signature } from "@countersign/near/ed25519";
import { type JobBatch, packAnswers, unpackJobs } from "./job-batch.ts";
import type { SignatureAnswer, SignatureJob } from "./signature-job.ts";

// The thread: takes several jobs at a time, and answers all of them in one message, in their order.

const port = parentPort as MessagePort;
port.on("message", (batch: JobBatch) => port.postMessage(packAnswers(unpackJobs(batch).map(answerTo))));

function answerTo(job: SignatureJob): SignatureAnswer {
  const { data } = job;
  try {
    if (job.signature !== undefined) return isEd25519Signature(job.publicKey, data, job.signature);
    const { privateKey, publicKey } = job.keys;
    const signature = sign(null, data, privateKey);
    return isEd25519Signature(publicKey, data, signature) && signature;
  } catch (error) {
    // A key or a signature that cannot be read verifies nothing.
    return job.signature !== undefined
      ? false
      : { failure: error instanceof Error ? error.message : String(error) };
  }
}
