import type { Chain } from "../chain/chain.ts";

/** What one endpoint takes for the head of the chain. */
export class NodeHead {
  readonly #chain: Chain;
  readonly #onMove: () => void;
  #stalledAt: bigint | undefined;
  #lag = 0n;

  /** `onMove` is called when a switch moves the head; blocks move it without. */
  constructor(chain: Chain, onMove: () => void) {
    this.#chain = chain;
    this.#onMove = onMove;
  }

  get height(): bigint {
    const { head, config } = this.#chain;
    const seen = this.#stalledAt ?? head.height - this.#lag;
    if (seen < config.genesisHeight) return config.genesisHeight;
    return seen;
  }

  /** Whether the node says that it is catching up. */
  get syncing(): boolean {
    return this.#stalledAt !== undefined;
  }

  /** Stands still where it is, and says that it is syncing. */
  stall(): void {
    this.#stalledAt ??= this.height;
  }

  /** Stays this many blocks behind, and does not say so. */
  lag(blocks: bigint): void {
    this.#lag = blocks;
    this.#onMove();
  }

  /** Follows the chain again. */
  recover(): void {
    this.#stalledAt = undefined;
    this.#lag = 0n;
    this.#onMove();
  }
}
