import pg from "pg";

const CONNECT_TIMEOUT_MS = 5_000;

/** Connections to PostgreSQL that read int8 as bigint and bytea as a plain Uint8Array, as from SQLite. */
export function postgresPool(url: string, applicationName: string, options: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({
    ...options,
    connectionString: url,
    application_name: applicationName,
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
