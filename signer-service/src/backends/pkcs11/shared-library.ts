import { realpathSync } from "node:fs";
import type { SessionThread } from "./session-thread.ts";

/** A backend as the library that it shares with others sees it. */
export interface LibraryUser {
  /** Whether it has sessions that work. */
  readonly isUp: boolean;
  /** The first takes calls; those that hang in one come last. */
  readonly threads: readonly SessionThread[];
}

/** By path. */
const libraries = new Map<string, SharedLibrary>();

/**
 * A PKCS#11 library. It is one for the whole process: C_Initialize is called once, and C_Finalize ends everybody's
 * sessions and must not meet another call (PKCS#11 3.1, section 5.4). Backends with the same library take turns.
 */
export class SharedLibrary {
  readonly #users = new Set<LibraryUser>();
  #isInitialized = false;
  #turn: Promise<unknown> = Promise.resolve();

  /** The library of a path; `user` has it until it leaves. */
  static join(module: string, user: LibraryUser): SharedLibrary {
    const path = resolved(module);
    const library = libraries.get(path) ?? new SharedLibrary();
    libraries.set(path, library);
    library.#users.add(user);
    return library;
  }

  /**
   * Runs `connect` while nobody else connects, with the library initialized. It is finalized before where that
   * harms nobody: many libraries, SoftHSM among them, find a token that was away only after that.
   */
  connect(user: LibraryUser, connect: () => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      const [thread] = user.threads;
      if (this.#isInitialized && this.#isUnused()) await thread?.call("finalize");
      await thread?.call("initialize");
      this.#isInitialized = true;
      await connect();
    });
  }

  /** Runs `disconnect`, which does not throw, while nobody connects. The last user finalizes the library. */
  leave(user: LibraryUser, disconnect: () => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      await disconnect();
      const isLast = this.#users.size === 1;
      if (isLast && this.#isInitialized && this.#isUnused()) {
        // A library that cannot even do this is of no use to anybody.
        await user.threads[0]?.call("finalize").catch(() => {});
        this.#isInitialized = false;
      }
      this.#users.delete(user);
    });
  }

  #isUnused(): boolean {
    return [...this.#users].every((u) => !u.isUp && u.threads.every((t) => t.outstanding === 0));
  }

  #inTurn(step: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(step);
    this.#turn = done.catch(() => {});
    return done;
  }
}

/** Two names of one file are one library; a file that is not there is found out when it is loaded. */
function resolved(module: string): string {
  try {
    return realpathSync(module);
  } catch {
    return module;
  }
}
