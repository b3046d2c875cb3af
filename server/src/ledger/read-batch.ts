/** Most keys that are looked for at once. */
const MAX_KEYS = 128;

/** Most reads at the same time: one that hangs does not hold up all that come after. */
const MAX_READS = 2;

/**
 * Joins reads of one kind that are asked for in the same turn of the event loop, or while others are under way, into one.
 */
export class ReadBatch<Key, Found> {
  readonly #read: (keys: readonly Key[]) => Promise<readonly Found[]>;
  #waiting: { key: Key; resolve: (found: Found) => void; reject: (error: unknown) => void }[] = [];
  #reads = 0;

  /** `read` answers in the order of the keys. */
  constructor(read: (keys: readonly Key[]) => Promise<readonly Found[]>) {
    this.#read = read;
  }

  /** Throws what the read throws that its key was part of. */
  get(key: Key): Promise<Found> {
    const { promise, resolve, reject } = Promise.withResolvers<Found>();
    if (this.#waiting.length === 0 && this.#reads < MAX_READS) setImmediate(() => void this.#flush());
    this.#waiting.push({ key, resolve, reject });
    return promise;
  }

  async #flush(): Promise<void> {
    if (this.#reads === MAX_READS) return;
    this.#reads++;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_KEYS);
      try {
        const found = await this.#read(batch.map(({ key }) => key));
        for (const [i, { resolve }] of batch.entries()) resolve(found[i] as Found);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#reads--;
  }
}
