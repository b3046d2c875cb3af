import { type Transferable, Worker } from "node:worker_threads";
import { END } from "./end.ts";

/** One thread that does one job at a time. It does not keep the process alive unless it has one. */
export class JobThread<Job, Answer> {
  readonly #worker: Worker;
  readonly #exited = Promise.withResolvers<void>();
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
    this.#worker.on("exit", () => {
      this.#end("the thread ended");
      this.#exited.resolve();
    });
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
   * Asks it to end when it has loaded its program and done its job, a fraction of a second, and waits until it has.
   * Terminating a thread ends the whole process at the wrong moment: V8 aborts while the thread runs modules that wait for
   * others with `await`, and an addon that computes throws where nobody catches it.
   */
  async end(): Promise<void> {
    await this.#waiting?.promise.catch(() => undefined);
    this.#worker.ref();
    this.#worker.postMessage(END);
    await this.#exited.promise;
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
