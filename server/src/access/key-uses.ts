import { setTimeout as delay } from "node:timers/promises";
import type { ProtectionStore } from "../ledger/protection-types.ts";

/** How often uses are written, in milliseconds: a key's last use is right within this. */
const DEFAULT_PERIOD_MS = 60_000;

export interface KeyUsesOptions {
  readonly store: Pick<ProtectionStore, "touchApiKeys">;
  readonly now: () => Date;
  /** Milliseconds; a minute by default. */
  readonly periodMs?: number;
  /** Told when the ledger did not take the uses: they are written with the next ones. */
  readonly onFailed: (error: unknown) => void;
}

/** Notes when keys were used last, and writes that down at most once a minute for each key. */
export class KeyUses {
  readonly #options: KeyUsesOptions;
  #unwritten = new Map<string, Date>();

  constructor(options: KeyUsesOptions) {
    this.#options = options;
  }

  note(keyId: string): void {
    this.#unwritten.set(keyId, this.#options.now());
  }

  /** Writes until `signal` aborts, and once more then. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#write();
      await delay(this.#options.periodMs ?? DEFAULT_PERIOD_MS, undefined, { signal }).catch(() => undefined);
    }
    await this.#write();
  }

  async #write(): Promise<void> {
    if (this.#unwritten.size === 0) return;
    const uses = this.#unwritten;
    this.#unwritten = new Map();
    try {
      await this.#options.store.touchApiKeys([...uses].map(([id, at]) => ({ id, at })));
    } catch (error) {
      this.#unwritten = new Map([...uses, ...this.#unwritten]);
      this.#options.onFailed(error);
    }
  }
}
