/** The browser's answer to a change only counts when it is on the disk. */
const DURABLE = { durability: "strict" } as const;

/** A database in IndexedDB, which all tabs of an origin share. It is opened with the first call. */
export class IndexedDatabase {
  readonly #name: string;
  readonly #upgrade: (database: IDBDatabase) => void;
  #opening: Promise<IDBDatabase> | undefined;

  /** @param upgrade makes the stores of a new database */
  constructor(name: string, upgrade: (database: IDBDatabase) => void) {
    this.#name = name;
    this.#upgrade = upgrade;
  }

  /** What a request to the store answers. */
  async read<T>(store: string, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    return result(act((await this.#open()).transaction(store).objectStore(store)));
  }

  /** Resolves once the transaction is complete, and not when its requests are. */
  async write(store: string, act: (store: IDBObjectStore) => void): Promise<void> {
    const transaction = (await this.#open()).transaction(store, "readwrite", DURABLE);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    transaction.addEventListener("complete", () => resolve());
    transaction.addEventListener("abort", () => reject(transaction.error));
    act(transaction.objectStore(store));
    return promise;
  }

  #open(): Promise<IDBDatabase> {
    this.#opening ??= this.#opened();
    return this.#opening;
  }

  async #opened(): Promise<IDBDatabase> {
    // When another tab or the browser takes the connection away, the next call opens a new one.
    const closed = () => {
      this.#opening = undefined;
    };
    const request = indexedDB.open(this.#name, 1);
    request.addEventListener("upgradeneeded", () => this.#upgrade(request.result));
    try {
      const database = await result(request);
      database.addEventListener("close", closed);
      database.addEventListener("versionchange", () => {
        database.close();
        closed();
      });
      return database;
    } catch (error) {
      closed();
      throw error;
    }
  }
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}
