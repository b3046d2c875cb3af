/** Keeps texts for a short time, each for one taker. Shared state: what it forgets is begun again. */
export interface PendingStore {
  /** Keeps `value` for `ttlMs`. Throws when it cannot. */
  put(key: string, value: string, ttlMs: number): Promise<void>;
  /** Takes the value away. Undefined when there is none, somebody took it before, or its time is over. */
  take(key: string): Promise<string | undefined>;
  close(): Promise<void>;
}
