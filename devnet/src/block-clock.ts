import type { Chain } from "./chain/chain.ts";

/**
 * Produces blocks: every `blockTimeMs`; as soon as there is work, with 0; or only when asked, with undefined.
 */
export class BlockClock {
  readonly #chain: Chain;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #unsubscribe: (() => void) | undefined;
  #scheduled = false;
  #stopped = false;

  constructor(chain: Chain, blockTimeMs: number | undefined) {
    this.#chain = chain;
    if (blockTimeMs === undefined) return;
    if (blockTimeMs > 0) this.#timer = setInterval(() => chain.produceBlock(), blockTimeMs);
    else this.#unsubscribe = chain.subscribe(() => this.#onChange());
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#unsubscribe?.();
  }

  /** Two more blocks after the last work make everything final. */
  #onChange(): void {
    if (this.#scheduled || this.#stopped || this.#isQuiet()) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#stopped) this.#chain.produceBlock();
    });
  }

  #isQuiet(): boolean {
    if (this.#chain.hasWork) {
      this.#lastWork = this.#chain.head.height + 1n;
      return false;
    }
    return this.#chain.head.height >= this.#lastWork + 2n;
  }

  #lastWork = 0n;
}
