/** A few pieces of work of one owner at a time, in the order in which they came; those of others do not wait. */
export class Turns {
  readonly #max: number;
  readonly #owners = new Map<string, { running: number; readonly waiting: (() => void)[] }>();

  /** `max` is how many of one owner may run at once. */
  constructor(max: number) {
    this.#max = max;
  }

  async run<T>(owner: string, work: () => Promise<T>): Promise<T> {
    const own = this.#owners.get(owner) ?? { running: 0, waiting: [] };
    this.#owners.set(owner, own);
    if (own.running < this.#max) own.running++;
    else await new Promise<void>((resolve) => own.waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = own.waiting.shift();
      // Whoever waits takes the place over; without anybody it is free again.
      if (next !== undefined) next();
      else if (--own.running === 0) this.#owners.delete(owner);
    }
  }
}
