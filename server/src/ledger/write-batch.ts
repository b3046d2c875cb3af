/**
 * Joins writes that are asked for while another is under way into one, in order, so that a busy lane commits
 * once for many submissions. A caller's promise settles with the commit that holds its item.
 */
export class WriteBatch<T> {
  readonly #write: (items: readonly T[]) => Promise<void>;
  #waiting: { item: T; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #writing = false;

  constructor(write: (items: readonly T[]) => Promise<void>) {
    this.#write = write;
  }

  add(item: T): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ item, resolve, reject });
    if (!this.#writing) {
      this.#writing = true;
      queueMicrotask(() => void this.#drain());
    }
    return promise;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write(batch.map(({ item }) => item));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#writing = false;
  }
}
