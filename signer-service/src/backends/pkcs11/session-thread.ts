import { Worker } from "node:worker_threads";
import { END } from "../../threads/end.ts";
import type { SessionAnswer, SessionCall, SessionMethod } from "./session-calls.ts";
import { TokenFailure } from "./token-failure.ts";
import type { TokenSession } from "./token-session.ts";

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: TokenFailure) => void;
}

/**
 * A thread with one session. Calls to a library block, some for as long as an HSM's network takes; here they
 * block neither the event loop nor the threads that Node reads files and resolves names with.
 */
export class SessionThread {
  readonly #worker: Worker;
  readonly #timeout: NodeJS.Timeout;
  readonly #waiting: Waiting[] = [];
  /** Calls of this turn of the event loop: a message for each would cost it more than what the call asks for. */
  #gathered: SessionCall[] = [];
  /** Calls that were given up and are still under way: their answers come too late. */
  #late = 0;
  #ended = false;
  /** Not 0 once the thread is to begin no more calls. Shared with it: it sees that between the calls of a message, too. */
  readonly #leaves = new Int32Array(new SharedArrayBuffer(4));

  /** `module` is the library's path; a call fails when nothing was answered for `timeoutMs`. */
  constructor(module: string, timeoutMs: number) {
    // The environment may hold secrets, and the thread needs none of it: libraries read the process's own.
    const options = { workerData: { module, leaves: this.#leaves }, env: {} };
    this.#worker = new Worker(new URL("./session-worker.ts", import.meta.url), options);
    this.#worker.on("message", (answers: readonly SessionAnswer[]) => this.#answered(answers));
    this.#worker.on("error", (error) => this.#end(`the session's thread ended: ${error.message}`));
    this.#worker.on("exit", () => {
      this.#end("the session's thread ended");
      this.#late = 0;
    });
    this.#timeout = setTimeout(() => this.#giveUp(timeoutMs), timeoutMs).unref();
  }

  /** Calls that the library may still be working on, those that were given up among them. */
  get outstanding(): number {
    return this.#waiting.length + this.#late;
  }

  /** Whether it can be given calls: it has not ended, and no call of it hangs. */
  get isUsable(): boolean {
    return !this.#ended && this.#late === 0;
  }

  /** Calls a method of the thread's session, after those asked for before. Throws a TokenFailure. */
  call<M extends SessionMethod>(
    method: M,
    ...args: Parameters<TokenSession[M]>
  ): Promise<ReturnType<TokenSession[M]>> {
    if (!this.isUsable)
      return Promise.reject(new TokenFailure("lost", "the session's thread does not answer"));
    if (this.#waiting.length === 0) this.#timeout.refresh();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.push({ resolve, reject });
    if (this.#gathered.length === 0) process.nextTick(() => this.#post());
    this.#gathered.push({ method, args });
    return promise as Promise<ReturnType<TokenSession[M]>>;
  }

  /**
   * Has the thread end before its next call; one that hangs in a call ends when the library returns. To terminate a thread that
   * is in pkcs11js ends the whole process with a segmentation fault.
   */
  end(): void {
    this.#end("the backend is closed");
    this.#worker.unref();
    Atomics.store(this.#leaves, 0, 1);
    this.#worker.postMessage(END);
  }

  #post(): void {
    this.#worker.postMessage(this.#gathered);
    this.#gathered = [];
  }

  #answered(answers: readonly SessionAnswer[]): void {
    for (const answer of answers) {
      if (this.#late > 0) {
        this.#late--;
        continue;
      }
      const waiting = this.#waiting.shift();
      this.#timeout.refresh();
      if (answer.failure === undefined) waiting?.resolve(answer.value);
      else waiting?.reject(new TokenFailure(answer.failure.kind, answer.failure.message));
    }
  }

  #giveUp(timeoutMs: number): void {
    this.#rejectAll(`the token has given no answer for ${timeoutMs} ms`);
  }

  #end(message: string): void {
    this.#ended = true;
    clearTimeout(this.#timeout);
    this.#rejectAll(message);
  }

  #rejectAll(message: string): void {
    this.#late += this.#waiting.length;
    for (const { reject } of this.#waiting.splice(0)) reject(new TokenFailure("lost", message));
  }
}
