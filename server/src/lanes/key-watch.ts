import { setTimeout as delay } from "node:timers/promises";
import { isKeyMissing, lookFor } from "./key-presence.ts";
import type { ChainReads } from "./never-lands.ts";
import type { LaneKey } from "./sign-batch.ts";

/** How often a key that was missing is looked for, in milliseconds. */
const LOOK_MS = 2_000;

export interface KeyWatchOptions {
  readonly key: LaneKey;
  readonly chain: ChainReads;
  readonly signal: AbortSignal;
  /** Told when the key is found missing, */
  readonly onMissing: () => void;
  /** and when the chain has it again. */
  readonly onBack: () => void;
}

/** Whether the chain has a lane's access key. It looks when somebody doubts it, and from then on until the key is there. */
export class KeyWatch {
  readonly #options: KeyWatchOptions;
  #isMissing = false;
  #isAsking = false;

  constructor(options: KeyWatchOptions) {
    this.#options = options;
  }

  get isMissing(): boolean {
    return this.#isMissing;
  }

  /** A node does not know the key. Resolves once the chain is known to have it. */
  async doubt(): Promise<void> {
    const { chain, key, signal } = this.#options;
    if (this.#isAsking || this.#isMissing) return;
    this.#isAsking = true;
    const isMissing = await isKeyMissing(chain, key, signal);
    this.#isAsking = false;
    if (isMissing) await this.missing();
  }

  /** The chain does not have the key. Resolves once it has. */
  async missing(): Promise<void> {
    if (this.#isMissing) return;
    const { chain, key, signal, onMissing, onBack } = this.#options;
    this.#isMissing = true;
    onMissing();
    do await delay(LOOK_MS, undefined, { signal });
    while ((await lookFor(chain, key, signal)) !== "present");
    this.#isMissing = false;
    onBack();
  }
}
