/**
 * How many transactions of a lane may be under way: between one and a most, found as TCP finds how much a path carries
 * (RFC 5681). Each that lands makes room for one more until the first trouble; from then on it takes a whole window of
 * them. Trouble halves it.
 */
export class LaneWindow {
  readonly #most: number;
  #size: number;
  #untroubled = true;

  constructor(most: number) {
    this.#most = most;
    this.#size = Math.ceil(most / 2);
  }

  get size(): number {
    return Math.floor(this.#size);
  }

  /** A transaction stands in a block. */
  landed(): void {
    const more = this.#untroubled ? 1 : 1 / this.#size;
    this.#size = Math.min(this.#most, this.#size + more);
  }

  /**
   * Something went wrong with transactions. Where it can have been a node's fault alone, a quarter stays: each lane for
   * itself cannot tell a loss from a crowd.
   */
  trouble(isNodes: boolean): void {
    const least = isNodes ? Math.ceil(this.#most / 4) : 1;
    this.#size = Math.min(this.#size, Math.max(least, this.#size / 2));
    this.#untroubled = false;
  }

  /** Begins again with one. */
  restart(): void {
    this.#size = 1;
    this.#untroubled = false;
  }
}

/**
 * How many transactions may be signed for a window of that size: half as many more than go under way, so that what lands
 * is followed at once, and not by what has yet to be claimed and signed.
 */
export function withAhead(window: number): number {
  return window + Math.floor(window / 2);
}
