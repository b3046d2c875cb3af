import { Worker } from "node:worker_threads";
import { memoryOf, type ThreadAnswer, type ThreadJob } from "./thread-job.ts";

/** One thread that presigns, a step at a time. It does not keep the process alive. */
export class PresignThread {
  readonly #worker: Worker;
  #waiting: PromiseWithResolvers<ThreadAnswer> | undefined;
  #ended = false;

  constructor() {
    // The environment may hold secrets, and the thread needs none of it.
    this.#worker = new Worker(new URL("./presign-worker.ts", import.meta.url), { env: {} });
    this.#worker.unref();
    this.#worker.on("message", (answer: ThreadAnswer) => {
      this.#worker.unref();
      this.#settle()?.resolve(answer);
    });
    this.#worker.on("error", (error) => this.#end(`the presign thread ended: ${error.message}`));
    this.#worker.on("exit", () => this.#end("the presign thread ended"));
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  get isBusy(): boolean {
    return this.#waiting !== undefined;
  }

  /** For a thread that is not busy. The job's bytes are gone from here afterwards. */
  run(job: ThreadJob): Promise<ThreadAnswer> {
    const waiting = Promise.withResolvers<ThreadAnswer>();
    this.#waiting = waiting;
    this.#worker.ref();
    this.#worker.postMessage(job, memoryOf([job.share, job.state, job.flight]));
    return waiting.promise;
  }

  /**
   * Ends it after the job that it is at, which takes a fraction of a second: an addon that computes while its thread is
   * terminated throws where nobody catches it, and that ends the whole process.
   */
  async end(): Promise<void> {
    await this.#waiting?.promise.catch(() => undefined);
    await this.#worker.terminate();
  }

  #end(message: string): void {
    this.#ended = true;
    this.#settle()?.reject(new Error(message));
  }

  #settle(): PromiseWithResolvers<ThreadAnswer> | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}
