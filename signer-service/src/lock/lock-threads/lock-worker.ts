import { type MessagePort, parentPort } from "node:worker_threads";
import { answerUntilEnd } from "../../threads/end.ts";
import { answerTo } from "./answer-to.ts";
import type { LockThreadJob } from "./lock-thread-job.ts";

// The thread: takes one job at a time, and keeps nothing of it.

const port = parentPort as MessagePort;
answerUntilEnd(port, (job: LockThreadJob) => port.postMessage(answerTo(job)));
