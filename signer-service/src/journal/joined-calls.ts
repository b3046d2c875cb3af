interface Waiting<Item, Result> {
  readonly items: readonly Item[];
  readonly resolve: (results: Result[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Most items of calls that are joined; a call of more goes alone. */
const MAX_ITEMS = 64;
/** How many joined calls run at once: SQLite gives them one commit. */
const AT_ONCE = 4;

/**
 * Joins calls that come in one turn of the event loop, or while others are under way, into few: all of them would wait
 * for the same locks, and each would take as many statements as one of many items. What is joined fails together.
 */
export class JoinedCalls<Item, Result> {
  readonly #run: (items: readonly Item[]) => Promise<Result[]>;
  #waiting: Waiting<Item, Result>[] = [];
  #running = false;

  /** `run` answers each item in its order. */
  constructor(run: (items: readonly Item[]) => Promise<Result[]>) {
    this.#run = run;
  }

  call(items: readonly Item[]): Promise<Result[]> {
    const { promise, resolve, reject } = Promise.withResolvers<Result[]>();
    this.#waiting.push({ items, resolve, reject });
    if (!this.#running) void this.#drain();
    return promise;
  }

  async #drain(): Promise<void> {
    this.#running = true;
    // The callbacks of all sockets that are readable now add their calls first.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const joined: Promise<void>[] = [];
      while (this.#waiting.length > 0 && joined.length < AT_ONCE) {
        joined.push(this.#answer(this.#waiting.splice(0, this.#fitting())));
      }
      await Promise.all(joined);
    }
    this.#running = false;
  }

  /** Never rejects. */
  async #answer(calls: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#run(calls.flatMap(({ items }) => items));
      let from = 0;
      for (const { items, resolve } of calls) {
        resolve(results.slice(from, from + items.length));
        from += items.length;
      }
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
  }

  /** How many of the calls that wait go together. */
  #fitting(): number {
    let items = 0;
    const end = this.#waiting.findIndex((call) => {
      items += call.items.length;
      return items > MAX_ITEMS;
    });
    return end === -1 ? this.#waiting.length : Math.max(end, 1);
  }
}
