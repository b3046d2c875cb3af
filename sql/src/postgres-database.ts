import { type DialectAdapter, Kysely, PostgresAdapter, PostgresDialect } from "kysely";
import type pg from "pg";

/** Of all databases: the texts of fixed statements are kept by it, and are built once. */
const ADAPTER = new PostgresAdapter();

class Dialect extends PostgresDialect {
  override createAdapter(): DialectAdapter {
    return ADAPTER;
  }
}

export function databaseOver<Schema>(pool: pg.Pool): Kysely<Schema> {
  return new Kysely<Schema>({ dialect: new Dialect({ pool }) });
}

/** A database over one connection, which stays open. What is asked in one go is sent in one go. */
export function databaseOf<Schema>(client: pg.ClientBase): Kysely<Schema> {
  const borrowed = { query: client.query.bind(client), release() {} } as unknown as pg.PoolClient;
  const pool = { connect: async () => borrowed, end: async () => {}, options: {} };
  return new Kysely<Schema>({ dialect: new Dialect({ pool }) });
}
