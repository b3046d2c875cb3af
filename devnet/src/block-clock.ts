import type { Chain } from "./chain/chain.ts";

/**
 * Produces blocks: every `blockTimeMs`; as soon as there is work, with 0; or only when asked, with undefined.
 */
export class BlockClock {
  readonly #chain: Chain;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #subscriptions: (() => void)[] = [];
  #scheduled = false;
  #stopped = false;
  /** Height of the last block that had work. */
  #lastWork = 0n;

  constructor(chain: Chain, blockTimeMs: number | undefined) {
    this.#chain = chain;
    if (blockTimeMs === undefined) return;
    if (blockTimeMs > 0) this.#timer = setInterval(() => chain.produceBlock(), blockTimeMs);
    else {
      const onChange = () => this.#onChange();
      this.#subscriptions.push(chain.onBlock(onChange), chain.onWork(onChange));
    }
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    for (const unsubscribe of this.#subscriptions) unsubscribe();
  }

  /** Two more blocks after the last one that had work make everything final. */
  #onChange(): void {
    const { hasWork, head } = this.#chain;
    // Noted also while a block is on its way: that block may leave no work behind.
    if (hasWork) this.#lastWork = head.height + 1n;
    const quiet = head.height >= this.#lastWork + 2n;
    if (quiet || this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#stopped) this.#chain.produceBlock();
    });
  }
}
