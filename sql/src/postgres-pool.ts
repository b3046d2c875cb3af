import pg from "pg";
import { preparedName } from "./fixed-statement.ts";

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * What a read of one page costs beside one of the next page. PostgreSQL's own 4 is that of a disk that turns: on an
 * SSD, and in memory, it has small tables read whole for some dozens of rows
 * (docs/decisions/0038-side-by-side-in-a-lane.md).
 */
const SETTINGS = "-c random_page_cost=1.1";

/** What pg says when a query's time is over. */
const READ_TIMEOUT = "Query read timeout";

/**
 * Sends what is asked in one go with one write. Prepares fixed statements, whose texts are as many as the program has:
 * PostgreSQL parses and plans them once for each connection. Ends with a query that it gave up on. The server may carry
 * that one out still: with a BEGIN that was, the transaction would wait for whoever is lent the connection next.
 */
class Client extends pg.Client {
  #gathers = false;

  // biome-ignore lint/suspicious/noExplicitAny: pg's own overloads
  override query(...of: any[]): any {
    this.#gather();
    const [text, values] = of;
    const name = typeof text === "string" && Array.isArray(values) ? preparedName(text) : undefined;
    const asked = name === undefined ? of : [{ name, text, values }, ...of.slice(2)];
    const result = (super.query as (...of: unknown[]) => unknown)(...asked);
    if (result instanceof Promise) {
      result.catch((error: Error) => {
        if (error.message === READ_TIMEOUT) void this.end().catch(() => undefined);
      });
    }
    return result;
  }

  #gather(): void {
    if (this.#gathers) return;
    const { stream } = this.connection;
    this.#gathers = true;
    stream.cork();
    process.nextTick(() => {
      this.#gathers = false;
      stream.uncork();
    });
  }
}

/** Connections to PostgreSQL that read int8 as bigint and bytea as a plain Uint8Array, as from SQLite. */
export function postgresPool(url: string, applicationName: string, options: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({
    ...options,
    Client,
    connectionString: url,
    application_name: applicationName,
    options: SETTINGS,
    pipeline: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    types: { getTypeParser },
  });
  // A connection that breaks is replaced, and a query on it fails with the same error. Without listeners the
  // event would end the process, while the connection is idle (pool) or in use (client).
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

const parseBytes = pg.types.getTypeParser(pg.types.builtins.BYTEA) as (text: string) => Buffer;

const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: "text" | "binary") => {
  if (oid === pg.types.builtins.INT8) return BigInt;
  if (oid === pg.types.builtins.BYTEA) return (text: string) => Uint8Array.from(parseBytes(text));
  return pg.types.getTypeParser(oid, format as "text");
};
