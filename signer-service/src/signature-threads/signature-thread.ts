import { Worker } from "node:worker_threads";
import { type AnswerBatch, packJobs, unpackAnswers } from "./job-batch.ts";
import type { SignatureAnswer, SignatureJob } from "./signature-job.ts";

/** A job, and whoever waits for it. */
export interface WaitingJob {
  readonly job: SignatureJob;
  readonly resolve: (answer: SignatureAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** Batches that a thread has at once: the next is there when it has done one, also when the event loop is busy. */
const MAX_BATCHES = 2;

/** One thread that signs and verifies. It does not keep the process alive unless there are jobs. */
export class SignatureThread {
  readonly #worker: Worker;
  readonly #onRoom: () => void;
  /** What was posted, in the order of the answers to come. */
  readonly #posted: (readonly WaitingJob[])[] = [];
  #ended = false;

  /** `onRoom` is told when the thread can take more, and when it has ended. */
  constructor(onRoom: () => void) {
    this.#onRoom = onRoom;
    // The environment may hold secrets, and the thread needs none of it.
    this.#worker = new Worker(new URL("./signature-worker.ts", import.meta.url), { env: {} });
    this.#worker.unref();
    this.#worker.on("message", (answers: AnswerBatch) => this.#answered(unpackAnswers(answers)));
    this.#worker.on("error", (error) => this.#end(`the signature thread ended: ${error.message}`));
    this.#worker.on("exit", () => this.#end("the signature thread ended"));
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Jobs whose answers are still to come. */
  get outstanding(): number {
    return this.#posted.reduce((sum, jobs) => sum + jobs.length, 0);
  }

  get hasRoom(): boolean {
    return this.#posted.length < MAX_BATCHES;
  }

  post(jobs: readonly WaitingJob[]): void {
    this.#posted.push(jobs);
    this.#worker.ref();
    this.#worker.postMessage(packJobs(jobs.map(({ job }) => job)));
  }

  #answered(answers: readonly SignatureAnswer[]): void {
    const jobs = this.#posted.shift() ?? [];
    if (this.#posted.length === 0) this.#worker.unref();
    this.#onRoom();
    for (const [i, { resolve, reject }] of jobs.entries()) {
      const answer = answers[i];
      if (answer === undefined) reject(new Error("a signature thread left a job out"));
      else resolve(answer);
    }
  }

  #end(message: string): void {
    this.#ended = true;
    for (const { reject } of this.#posted.splice(0).flat()) reject(new Error(message));
    this.#onRoom();
  }
}
