import { Kysely, type Transaction } from "kysely";
import { DurableObjectDialect, type DurableStorage } from "./durable-object-dialect.ts";
import { durableObjectErrorPasses } from "./durable-object-errors.ts";
import type { Engine } from "./engine.ts";
import { migrate } from "./migrate.ts";
import type { StoreKind } from "./store-kind.ts";

/**
 * A store in the SQLite database of a Cloudflare Durable Object, which is one process's by its nature. What is committed
 * is on disk before an answer leaves the object: the platform holds answers back until then.
 */
export async function openDurableObject<Schema>(
  storage: DurableStorage,
  kind: StoreKind<Schema>,
): Promise<Engine<Schema>> {
  const db = new Kysely<Schema>({ dialect: new DurableObjectDialect(storage) });
  const engine = new DurableObjectEngine(db, kind);
  await engine.read(() => migrate(db, kind.migrations("blob")));
  return engine;
}

class DurableObjectEngine<Schema> implements Engine<Schema> {
  /** Nothing waits for anything but the transaction that runs. */
  readonly urgent = this;
  readonly locksRows = false;
  readonly #db: Kysely<Schema>;
  readonly #kind: StoreKind<Schema>;

  constructor(db: Kysely<Schema>, kind: StoreKind<Schema>) {
    this.#db = db;
    this.#kind = kind;
  }

  read<T>(body: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    return this.#surfacing(() => body(this.#db));
  }

  snapshot<T>(body: (trx: Transaction<Schema>) => Promise<T>): Promise<T> {
    return this.write(body);
  }

  write<T>(body: (trx: Transaction<Schema>) => Promise<T>): Promise<T> {
    return this.#surfacing(() => this.#db.transaction().execute(body));
  }

  close(): Promise<void> {
    return this.#db.destroy();
  }

  async #surfacing<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (cause) {
      if (!durableObjectErrorPasses(cause)) throw cause;
      throw this.#kind.unavailable(`the object's ${this.#kind.name} cannot be written or read now`, {
        cause,
      });
    }
  }
}
