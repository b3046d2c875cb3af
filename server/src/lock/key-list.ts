import type { LockKeys, PublicLockKey } from "./lock-keys.ts";

/** How long a list is good, in milliseconds: every page that opens a wallet may ask for it. */
const MAX_AGE_MS = 1_000;

export interface KeyListOptions {
  readonly keys: Pick<LockKeys, "list">;
  /** How long a list is waited for, in milliseconds. */
  readonly timeoutMs: number;
  readonly monotonicMs: () => number;
}

/** The lock keys as they were at most a second ago. Callers that come together share one question. */
export class KeyList {
  readonly #options: KeyListOptions;
  #known: { readonly keys: readonly PublicLockKey[]; readonly at: number } | undefined;
  #asking: Promise<readonly PublicLockKey[]> | undefined;

  constructor(options: KeyListOptions) {
    this.#options = options;
  }

  /** Throws what the keys throw; that is not remembered. */
  async get(): Promise<readonly PublicLockKey[]> {
    const { monotonicMs } = this.#options;
    if (this.#known !== undefined && monotonicMs() - this.#known.at < MAX_AGE_MS) return this.#known.keys;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(): Promise<readonly PublicLockKey[]> {
    const { keys, timeoutMs, monotonicMs } = this.#options;
    const at = monotonicMs();
    // Not with the signal of the caller who came first: others wait too.
    const list = await keys.list({ timeoutMs });
    this.#known = { keys: list, at };
    return list;
  }
}
