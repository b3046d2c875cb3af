import type { PendingStore } from "./pending-store.ts";

/** About 30 MB with values as they are, and 400 MB at the very most. */
const MAX_ENTRIES = 50_000;

interface Entry {
  readonly value: string;
  /** Unix milliseconds. */
  readonly endsAt: number;
}

/** In this process: the twin of RedisPendingStore. Above `maxEntries` the oldest are forgotten. */
export class MemoryPendingStore implements PendingStore {
  readonly #now: () => number;
  readonly #maxEntries: number;
  /** In the order in which they came. */
  readonly #entries = new Map<string, Entry>();

  constructor(now: () => number, maxEntries = MAX_ENTRIES) {
    this.#now = now;
    this.#maxEntries = maxEntries;
  }

  async put(key: string, value: string, ttlMs: number): Promise<void> {
    const now = this.#now();
    this.#entries.delete(key);
    this.#entries.set(key, { value, endsAt: now + ttlMs });
    for (const [oldest, { endsAt }] of this.#entries) {
      if (endsAt > now && this.#entries.size <= this.#maxEntries) break;
      this.#entries.delete(oldest);
    }
  }

  async take(key: string): Promise<string | undefined> {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    return entry !== undefined && entry.endsAt > this.#now() ? entry.value : undefined;
  }

  async close(): Promise<void> {
    this.#entries.clear();
  }
}
