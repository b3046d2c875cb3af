import { Worker } from "node:worker_threads";
import type { SignatureAnswer, SignatureJob } from "./signature-job.ts";

/** A job, and whoever waits for it. */
export interface WaitingJob {
  readonly job: SignatureJob;
  readonly resolve: (answer: SignatureAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** One thread that signs and verifies. It does not keep the process alive. */
export class SignatureThread {
  readonly #worker: Worker;
  /** What was posted, in the order of the answers to come. */
  readonly #posted: (readonly WaitingJob[])[] = [];
  #ended = false;

  constructor() {
    // The environment may hold secrets, and the thread needs none of it.
    this.#worker = new Worker(new URL("./signature-worker.ts", import.meta.url), { env: {} });
    this.#worker.unref();
    this.#worker.on("message", (answers: readonly SignatureAnswer[]) => this.#answered(answers));
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

  post(jobs: readonly WaitingJob[]): void {
    this.#posted.push(jobs);
    this.#worker.ref();
    this.#worker.postMessage(jobs.map(({ job }) => job));
  }

  #answered(answers: readonly SignatureAnswer[]): void {
    const jobs = this.#posted.shift() ?? [];
    if (this.#posted.length === 0) this.#worker.unref();
    for (const [i, { resolve, reject }] of jobs.entries()) {
      const answer = answers[i];
      if (answer === undefined) reject(new Error("a signature thread left a job out"));
      else resolve(answer);
    }
  }

  #end(message: string): void {
    this.#ended = true;
    for (const { reject } of this.#posted.splice(0).flat()) reject(new Error(message));
  }
}
