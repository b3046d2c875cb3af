import type { SignedTransaction } from "../codec/action.ts";

/**
 * Transactions that wait for a block, each hash once, per access key in nonce order whatever order they came in
 * (nearcore chain/pool/src/lib.rs, TransactionPool and its PoolIterator).
 */
export class Mempool {
  #groups = new Map<string, SignedTransaction[]>();
  readonly #hashes = new Set<string>();

  get size(): number {
    return this.#hashes.size;
  }

  /** Whether the transaction was new. */
  add(transaction: SignedTransaction): boolean {
    if (this.#hashes.has(transaction.hash)) return false;
    this.#hashes.add(transaction.hash);
    const key = `${transaction.signerId}/${transaction.publicKey}`;
    const group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, [transaction]);
    else group.push(transaction);
    return true;
  }

  /** Takes everything out, key by key, each key's transactions with rising nonces. */
  drain(): SignedTransaction[] {
    const groups = [...this.#groups.values()];
    this.#groups = new Map();
    this.#hashes.clear();
    return groups.flatMap((group) =>
      group.sort((a, b) => (a.nonce < b.nonce ? -1 : a.nonce > b.nonce ? 1 : 0)),
    );
  }
}
