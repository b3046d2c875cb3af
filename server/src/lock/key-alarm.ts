import type { Rate, RateLimiter } from "../shared-state/rate-limiter.ts";

/** How often the log is told of one key, in milliseconds. */
const TELL_EVERY_MS = 60_000;

export interface KeyAlarmOptions {
  readonly limiter: RateLimiter;
  /** Of unlocks with one key, by all callers together. */
  readonly rate: Rate;
  /** Told of every unlock above the rate; `quiet` when it was told of another one of this key within the last minute. */
  readonly onBusy: (busy: { readonly keyId: string; readonly quiet: boolean }) => void;
  readonly monotonicMs: () => number;
}

/**
 * Notices that a lock key is used far more than it should be. It refuses nothing: whoever holds one envelope could lock
 * all wallets of its key out.
 */
export class KeyAlarm {
  readonly #options: KeyAlarmOptions;
  /** Of the signer's keys, which are few. */
  readonly #toldAt = new Map<string, number>();

  constructor(options: KeyAlarmOptions) {
    this.#options = options;
  }

  /** For an unlock with a key that is one of the signer's: a name that a caller made up is noted nowhere. */
  async note(keyId: string): Promise<void> {
    const { limiter, rate, onBusy, monotonicMs } = this.#options;
    const { refusal } = await limiter.take([{ name: "lock-key", key: keyId, rate }]);
    if (refusal === undefined) return;
    const now = monotonicMs();
    const quiet = now - (this.#toldAt.get(keyId) ?? Number.NEGATIVE_INFINITY) < TELL_EVERY_MS;
    if (!quiet) this.#toldAt.set(keyId, now);
    onBusy({ keyId, quiet });
  }
}
