import { type Transferable, Worker } from "node:worker_threads";

/** One thread that does one job at a time. It does not keep the process alive unless it has one. */
export class JobThread<Job, Answer> {
  readonly #worker: Worker;
  #waiting: PromiseWithResolvers<Answer> | undefined;
  #ended = false;

  constructor(script: URL) {
    // The environment may hold secrets, and the thread needs none of it.
    this.#worker = new Worker(script, { env: {} });
    this.#worker.unref();
    this.#worker.on("message", (answer: Answer) => {
      this.#worker.unref();
      this.#settle()?.resolve(answer);
    });
    this.#worker.on("error", (error) => this.#end(`the thread ended: ${error.message}`));
    this.#worker.on("exit", () => this.#end("the thread ended"));
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  get isBusy(): boolean {
    return this.#waiting !== undefined;
  }

  /** For a thread that is not busy. What is in `moved` is gone from here afterwards. */
  run(job: Job, moved: readonly Transferable[]): Promise<Answer> {
    const waiting = Promise.withResolvers<Answer>();
    this.#waiting = waiting;
    this.#worker.ref();
    this.#worker.postMessage(job, moved);
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

  #settle(): PromiseWithResolvers<Answer> | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}
