/** Most keys that are looked for at once. */
const MAX_KEYS = 128;

/** Joins reads of one kind that are asked for in the same turn of the event loop into one. */
export class ReadBatch<Key, Found> {
  readonly #read: (keys: readonly Key[]) => Promise<readonly Found[]>;
  #waiting: { key: Key; resolve: (found: Found) => void; reject: (error: unknown) => void }[] = [];

  /** `read` answers in the order of the keys. */
  constructor(read: (keys: readonly Key[]) => Promise<readonly Found[]>) {
    this.#read = read;
  }

  /** Throws what the read throws that its key was part of. */
  get(key: Key): Promise<Found> {
    const { promise, resolve, reject } = Promise.withResolvers<Found>();
    if (this.#waiting.length === 0) setImmediate(() => this.#flush());
    this.#waiting.push({ key, resolve, reject });
    return promise;
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let from = 0; from < waiting.length; from += MAX_KEYS) {
      const batch = waiting.slice(from, from + MAX_KEYS);
      this.#read(batch.map(({ key }) => key)).then(
        (found) => {
          for (const [i, { resolve }] of batch.entries()) resolve(found[i] as Found);
        },
        (error) => {
          for (const { reject } of batch) reject(error);
        },
      );
    }
  }
}
