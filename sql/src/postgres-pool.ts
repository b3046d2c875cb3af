import pg from "pg";
import { PostgresClient } from "./postgres-client.ts";

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * `random_page_cost`: what a read of one page costs beside one of the next page. PostgreSQL's own 4 is that of a disk that
 * turns: on an SSD, and in memory, it has small tables read whole for some dozens of rows
 * (docs/decisions/0038-side-by-side-in-a-lane.md).
 *
 * `jit`: all our statements are short, and some look dear, as limits are hidden from the planner. To compile one to machine
 * code takes longer, at every run (docs/decisions/0046-plans-are-made-anew.md).
 */
const SETTINGS = "-c random_page_cost=1.1 -c jit=off";

/** Connections to PostgreSQL that read int8 as bigint and bytea as a plain Uint8Array, as from SQLite. */
export function postgresPool(url: string, applicationName: string, options: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({
    ...options,
    Client: PostgresClient,
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
