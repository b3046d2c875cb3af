/** How long nothing is signed for an account after a node said that it cannot pay, in milliseconds. */
const REST_MS = 5_000;

/**
 * Relayer accounts that could not pay for a transaction. Nothing is signed with their keys for a while, then one
 * transaction at a time, until one has landed: the next one may cost less, or somebody has sent them more.
 */
export class LowBalances {
  readonly #now: () => Date;
  readonly #low = new Map<string, number>();

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** A node said that the account cannot pay for a transaction that was new. */
  note(accountId: string): void {
    this.#low.set(accountId, this.#now().getTime() + REST_MS);
  }

  /** A transaction of the account has landed. */
  clear(accountId: string): void {
    this.#low.delete(accountId);
  }

  stateOf(accountId: string): "fine" | "low" | "probing" {
    const until = this.#low.get(accountId);
    if (until === undefined) return "fine";
    return this.#now().getTime() < until ? "low" : "probing";
  }
}
