import type { Chain } from "../chain/chain.ts";

/**
 * Calls that wait for transactions, by hash, at one node. A block wakes only those whose transaction it moved on or made
 * final, so that thousands may wait (nearcore looks at each of them at every block: chain/jsonrpc/src/lib.rs,
 * tx_status_fetch).
 */
export class Waiters {
  readonly #chain: Chain;
  readonly #head: () => bigint;
  readonly #byHash = new Map<string, Set<() => void>>();
  readonly #unsubscribe: () => void;
  #seen: bigint;

  /** `head` is the height that the node has seen. */
  constructor(chain: Chain, head: () => bigint) {
    this.#chain = chain;
    this.#head = head;
    this.#seen = head();
    this.#unsubscribe = chain.onBlock(() => this.wake());
  }

  /** Calls `look` whenever there may be news of the transaction; returns what ends that. */
  add(hash: string, look: () => void): () => void {
    const looks = this.#byHash.get(hash);
    if (looks === undefined) this.#byHash.set(hash, new Set([look]));
    else looks.add(look);
    return () => {
      const left = this.#byHash.get(hash);
      left?.delete(look);
      if (left?.size === 0) this.#byHash.delete(hash);
    };
  }

  /** Catches up with the node's head, which may have moved by any number of blocks. */
  wake(): void {
    const head = this.#head();
    const seen = this.#seen;
    this.#seen = head;
    if (this.#byHash.size === 0) return;
    const hashes = new Set<string>();
    // What a block moved on is final two blocks later.
    for (let height = this.#chain.finalHeight(seen); height <= head; height++) {
      for (const hash of this.#chain.movedAt(height)) hashes.add(hash);
    }
    for (const hash of hashes) for (const look of [...(this.#byHash.get(hash) ?? [])]) look();
  }

  stop(): void {
    this.#unsubscribe();
  }
}
