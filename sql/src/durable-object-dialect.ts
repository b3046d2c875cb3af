import {
  type CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type TableMetadata,
} from "kysely";
import { type BoundedAdapter, PARAMETERS } from "./slices.ts";
import { TransactionalDdlAdapter } from "./sqlite-dialect.ts";

type StoredValue = ArrayBuffer | string | number | null;

/** The part of a Durable Object's storage that is used (https://developers.cloudflare.com/durable-objects/api/storage-api). */
export interface DurableStorage {
  readonly sql: {
    exec(
      query: string,
      ...bindings: StoredValue[]
    ): { readonly columnNames: string[]; toArray(): Record<string, StoredValue>[] };
  };
  transaction<T>(closure: () => Promise<T>): Promise<T>;
}

/** Kysely's SQLite dialect over a Durable Object's storage. Integers are read as bigint, as from `node:sqlite`. */
export class DurableObjectDialect implements Dialect {
  readonly #storage: DurableStorage;

  constructor(storage: DurableStorage) {
    this.#storage = storage;
  }

  createDriver(): Driver {
    return new DurableObjectDriver(this.#storage);
  }

  createQueryCompiler(): SqliteQueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): DialectAdapter {
    return new DurableObjectAdapter();
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new TableNames(db, this.#storage);
  }
}

class DurableObjectAdapter extends TransactionalDdlAdapter implements BoundedAdapter {
  readonly maxParameters = PARAMETERS;
}

/** The platform keeps a table of its own, into which nobody may look: migrations need no more than names. */
class TableNames extends SqliteIntrospector {
  readonly #storage: DurableStorage;

  constructor(db: Kysely<unknown>, storage: DurableStorage) {
    super(db);
    this.#storage = storage;
  }

  override async getTables(): Promise<TableMetadata[]> {
    const names = this.#storage.sql.exec(
      "select name from sqlite_master where type = 'table' and substr(name, 1, 4) <> '_cf_'",
    );
    return names
      .toArray()
      .map(({ name }) => ({ name: String(name), isView: false, isForeign: false, columns: [] }));
  }
}

/** What ends a transaction that Kysely has begun. */
interface OpenTransaction {
  readonly end: (how: "commit" | "rollback") => void;
  readonly ended: Promise<void>;
}

const ROLLED_BACK = new Error("rolled back");

/** One connection. The platform takes no statements that begin or end transactions: they are closures of its storage. */
class DurableObjectDriver implements Driver {
  readonly #storage: DurableStorage;
  #open: OpenTransaction | undefined;

  constructor(storage: DurableStorage) {
    this.#storage = storage;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return new DurableObjectConnection(this.#storage);
  }

  async beginTransaction(): Promise<void> {
    const begun = Promise.withResolvers<void>();
    const decided = Promise.withResolvers<"commit" | "rollback">();
    const ended = this.#storage.transaction(async () => {
      begun.resolve();
      if ((await decided.promise) === "rollback") throw ROLLED_BACK;
    });
    // One that cannot begin says so here; how one has ended is for whoever ends it.
    ended.catch(begun.reject);
    await begun.promise;
    this.#open = { end: decided.resolve, ended };
  }

  async commitTransaction(): Promise<void> {
    await this.#end("commit");
  }

  /** Of a commit that failed nothing is left to undo, and Kysely would throw the rollback's error instead of that one. */
  async rollbackTransaction(): Promise<void> {
    if (this.#open === undefined) return;
    await this.#end("rollback").catch((error: unknown) => {
      if (error !== ROLLED_BACK) throw error;
    });
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {}

  #end(how: "commit" | "rollback"): Promise<void> {
    const open = this.#open;
    if (open === undefined) throw new Error("no transaction is open");
    this.#open = undefined;
    open.end(how);
    return open.ended;
  }
}

class DurableObjectConnection implements DatabaseConnection {
  readonly #storage: DurableStorage;

  constructor(storage: DurableStorage) {
    this.#storage = storage;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const cursor = this.#storage.sql.exec(sql, ...parameters.map(stored));
    const rows = cursor.toArray();
    if (cursor.columnNames.length > 0) return { rows: rows.map(read) as R[] };
    const [counted] = this.#storage.sql.exec("select changes() as changed").toArray();
    return { rows: [], numAffectedRows: BigInt(Number(counted?.changed)) };
  }

  // biome-ignore lint/correctness/useYield: it only refuses
  async *streamQuery<R>(): AsyncGenerator<QueryResult<R>> {
    throw new Error("a Durable Object's queries are not streamed");
  }
}

function stored(value: unknown): StoredValue {
  if (typeof value === "bigint") {
    const number = Number(value);
    // Its integers go in and come out as doubles.
    if (!Number.isSafeInteger(number)) throw new RangeError(`a Durable Object cannot store ${value}`);
    return number;
  }
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value instanceof Uint8Array) return Uint8Array.from(value).buffer;
  if (value === null || typeof value === "string" || typeof value === "number") return value;
  throw new TypeError(`a Durable Object cannot store a ${typeof value}`);
}

function read(row: Record<string, StoredValue>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, readValue(value)]));
}

/** No store has columns of fractions. */
function readValue(value: StoredValue): unknown {
  if (typeof value === "number") return BigInt(value);
  return value instanceof ArrayBuffer ? new Uint8Array(value) : value;
}
