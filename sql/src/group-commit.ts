/** A piece of work that waits for the transaction which will hold it. */
interface Waiting {
  /** Runs it within the open transaction; answers how to tell its caller once the transaction has ended. */
  readonly run: () => Promise<() => void>;
  readonly reject: (error: unknown) => void;
}

/** Most pieces of work in one transaction: bounds the time for which the event loop is blocked. */
const MAX_GROUP = 256;

/**
 * Joins work that arrives in one turn of the event loop, or while a commit is under way, into one
 * transaction. Each piece has its own result: one that fails is undone alone. A promise settles only after
 * the commit, and when the commit fails, all of them fail.
 */
export class GroupCommit {
  readonly #transaction: (body: () => Promise<void>) => Promise<void>;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  /** `transaction` runs a body and resolves after the commit. */
  constructor(transaction: (body: () => Promise<void>) => Promise<void>) {
    this.#transaction = transaction;
  }

  /** `work` must undo what it wrote before it throws. */
  add<T>(work: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const run = async () => {
      try {
        const result = await work();
        return () => resolve(result);
      } catch (error) {
        return () => reject(error);
      }
    };
    this.#waiting.push({ run, reject });
    this.#running ??= this.#drain();
    return promise;
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      await nextTurn();
      const group = this.#waiting.splice(0, MAX_GROUP);
      const settle: (() => void)[] = [];
      try {
        await this.#transaction(async () => {
          for (const { run } of group) settle.push(await run());
        });
        for (const tell of settle) tell();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#running = undefined;
  }
}

/** Lets the callbacks of all sockets that are readable now add their work first. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
