import { type MessagePort, parentPort } from "node:worker_threads";
import { answerTo } from "./answer-to.ts";
import type { LockThreadJob } from "./lock-thread-job.ts";

// The thread: takes one job at a time, and keeps nothing of it.

const port = parentPort as MessagePort;
port.on("message", (job: LockThreadJob) => port.postMessage(answerTo(job)));
