import { availableParallelism } from "node:os";
import type { Transferable } from "node:worker_threads";
import { JobThread } from "./job-thread.ts";

/** One core is left to the event loop. */
const THREADS = Math.max(1, availableParallelism() - 1);

export interface JobThreadsOptions<Job> {
  /** What a thread runs: it answers each message with one. */
  readonly script: URL;
  /** The memory that a job takes along. */
  readonly memoryOf: (job: Job) => readonly Transferable[];
  /** Wipes a job that no thread is given any more. */
  readonly wipe: (job: Job) => void;
}

interface WaitingJob<Job, Answer> extends PromiseWithResolvers<Answer> {
  readonly job: Job;
}

/** Threads for heavy work, which are started with the first jobs; one that has ended is started again. */
export class JobThreads<Job, Answer> {
  readonly #options: JobThreadsOptions<Job>;
  #threads: JobThread<Job, Answer>[] = [];
  readonly #queue: WaitingJob<Job, Answer>[] = [];
  #closed = false;

  constructor(options: JobThreadsOptions<Job>) {
    this.#options = options;
  }

  /** Jobs that no thread has begun. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Throws an Error when the thread ends before it has answered. */
  run(job: Job): Promise<Answer> {
    const waiting = { job, ...Promise.withResolvers<Answer>() };
    if (this.#closed) {
      this.#refuse(waiting);
    } else {
      this.#queue.push(waiting);
      this.#share();
    }
    return waiting.promise;
  }

  /** Ends the threads, and refuses what waits for them. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiting of this.#queue.splice(0)) this.#refuse(waiting);
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }

  #refuse({ job, reject }: WaitingJob<Job, Answer>): void {
    this.#options.wipe(job);
    reject(new Error("the threads are closed"));
  }

  /** Gives jobs to threads while there are both. */
  #share(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const thread = this.#idle();
      if (thread === undefined) return;
      this.#queue.shift();
      const { job, resolve, reject } = next;
      thread
        .run(job, this.#options.memoryOf(job))
        .then(resolve, reject)
        .finally(() => this.#share());
    }
  }

  #idle(): JobThread<Job, Answer> | undefined {
    this.#threads = this.#threads.filter(({ hasEnded }) => !hasEnded);
    const idle = this.#threads.find(({ isBusy }) => !isBusy);
    if (idle !== undefined || this.#threads.length >= THREADS) return idle;
    const started = new JobThread<Job, Answer>(this.#options.script);
    this.#threads.push(started);
    return started;
  }
}
