import type { Chain } from "../chain/chain.ts";

/** What one endpoint takes for the head of the chain. */
export class NodeHead {
  readonly #chain: Chain;
  #stalledAt: bigint | undefined;
  #lag = 0n;

  constructor(chain: Chain) {
    this.#chain = chain;
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
  }

  /** Follows the chain again. */
  recover(): void {
    this.#stalledAt = undefined;
    this.#lag = 0n;
  }
}
