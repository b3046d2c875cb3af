import type { Pkcs11Config } from "./pkcs11-schema.ts";
import type { SessionMethod } from "./session-calls.ts";
import { SessionPool } from "./session-pool.ts";
import { SessionThread } from "./session-thread.ts";
import { type LibraryUser, SharedLibrary } from "./shared-library.ts";
import { TokenFailure } from "./token-failure.ts";
import type { TokenSession } from "./token-session.ts";

/** Pauses between fruitless attempts, in milliseconds: the first, and the longest that doubling leads to. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;

type State =
  | { readonly kind: "up" }
  | { readonly kind: "connecting"; readonly done: Promise<void> }
  /** The next call connects again. */
  | { readonly kind: "down" }
  /** Until a pause is over, or for good: calls get the failure. */
  | { readonly kind: "refusing"; readonly failure: TokenFailure };

/**
 * The sessions with one token. They are lost when the token is removed, or the network to it; the next call
 * connects again: it logs in and finds the keys anew, once for all who wait, with growing pauses between attempts
 * that lead nowhere. A PIN that the token refuses is never tried again, because tokens lock after a few attempts.
 *
 * The PIN stays in memory for that, as a Secret; pkcs11js takes a string, which cannot be overwritten.
 */
export class TokenConnection implements LibraryUser {
  readonly #config: Pkcs11Config;
  readonly #library: SharedLibrary;
  #threads: SessionThread[];
  /** Threads that were replaced while a call of theirs hung. */
  #hanging: SessionThread[] = [];
  #pool: SessionPool;
  #state: State = { kind: "down" };
  /** Attempts to connect since a call has succeeded. */
  #fruitless = 0;
  #pause: NodeJS.Timeout | undefined;

  constructor(config: Pkcs11Config) {
    this.#config = config;
    this.#threads = Array.from({ length: config.sessions }, () => this.#newThread());
    this.#pool = new SessionPool(this.#threads);
    this.#library = SharedLibrary.join(config.module, this);
  }

  get isUp(): boolean {
    return this.#state.kind === "up";
  }

  get threads(): readonly SessionThread[] {
    return [...this.#threads, ...this.#hanging];
  }

  /** Calls a session's method, connecting first where that is needed. Throws a TokenFailure. */
  async call<M extends SessionMethod>(
    method: M,
    ...args: Parameters<TokenSession[M]>
  ): Promise<ReturnType<TokenSession[M]>> {
    if (this.#state.kind !== "up") await this.connect();
    const pool = this.#pool;
    try {
      const result = await pool.run((thread) => thread.call(method, ...args));
      this.#fruitless = 0;
      return result;
    } catch (error) {
      if (pool === this.#pool && this.isUp && error instanceof TokenFailure && error.kind === "lost") {
        this.#lose(error);
      }
      throw error;
    }
  }

  /** Connects now, unless it is connected. Throws a TokenFailure. */
  connect(): Promise<void> {
    if (this.#state.kind === "up") return Promise.resolve();
    if (this.#state.kind === "refusing") return Promise.reject(this.#state.failure);
    if (this.#state.kind === "down") this.#state = { kind: "connecting", done: this.#connect() };
    return this.#state.done;
  }

  /** Lets the calls that run end, logs out by closing the sessions, and ends the threads. */
  async close(): Promise<void> {
    const closed = new TokenFailure("lost", "the backend is closed");
    const before = this.#state;
    this.#state = { kind: "refusing", failure: closed };
    clearTimeout(this.#pause);
    this.#pool.stop(closed);
    if (before.kind === "connecting") await before.done.catch(() => {});
    await this.#pool.idle();
    await this.#library.leave(this, async () => {
      const usable = this.#threads.filter((thread) => thread.isUsable);
      await Promise.allSettled(usable.map((thread) => thread.call("close")));
    });
    for (const thread of this.#threads) thread.end();
  }

  async #connect(): Promise<void> {
    this.#fruitless++;
    await this.#pool.idle();
    try {
      this.#replaceThreads();
      await this.#library.connect(this, () => this.#openSessions());
    } catch (error) {
      const failure = error instanceof TokenFailure ? error : new TokenFailure("lost", String(error));
      if (this.#state.kind === "connecting") this.#lose(failure);
      throw failure;
    }
    this.#pool = new SessionPool(this.#threads);
    if (this.#state.kind === "connecting") this.#state = { kind: "up" };
  }

  /** One login is for all sessions of the process, and one attempt is enough to find out that the PIN is wrong. */
  async #openSessions(): Promise<void> {
    const [first, ...others] = this.#threads;
    await first?.call("open", this.#config.token_label);
    await first?.call("login", this.#config.pin.reveal());
    await Promise.all(others.map((thread) => thread.call("open", this.#config.token_label)));
  }

  #lose(failure: TokenFailure): void {
    this.#pool.stop(failure);
    if (failure.kind !== "lost") {
      this.#state = { kind: "refusing", failure };
    } else if (this.#fruitless === 0) {
      this.#state = { kind: "down" };
    } else {
      this.#state = { kind: "refusing", failure };
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** (this.#fruitless - 1), LONGEST_PAUSE_MS);
      this.#pause = setTimeout(() => {
        this.#state = { kind: "down" };
      }, pause).unref();
    }
  }

  #replaceThreads(): void {
    this.#hanging = this.#hanging.filter((thread) => thread.outstanding > 0);
    this.#threads = this.#threads.map((thread) => {
      if (thread.isUsable) return thread;
      thread.end();
      this.#hanging.push(thread);
      return this.#newThread();
    });
  }

  #newThread(): SessionThread {
    return new SessionThread(this.#config.module, this.#config.timeout_ms);
  }
}
