import type { Transaction } from "kysely";
import type pg from "pg";
import { databaseOf } from "./postgres-database.ts";

const databases = new WeakMap<pg.PoolClient, unknown>();

/**
 * Runs a transaction on a connection of the pool. Unlike in Kysely's own, statements that are made in one go travel together:
 * PostgreSQL carries them out in their order, and none after one that failed. The transaction is undone when `body` throws.
 *
 * BEGIN goes ahead alone: if it failed, what travelled with it would be carried out outside of the transaction.
 */
export async function inTransaction<Schema, T>(
  pool: pg.Pool,
  begin: string,
  body: (trx: Transaction<Schema>) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: unknown;
  try {
    await client.query(begin);
    try {
      const result = await body(transactionOf<Schema>(client));
      const { command } = await client.query("commit");
      // PostgreSQL's answer to the COMMIT of a transaction in which a statement failed.
      if (command !== "COMMIT") throw new Error("the transaction was aborted");
      return result;
    } catch (error) {
      // What cannot be undone is undone by PostgreSQL, when the connection ends.
      await client.query("rollback").catch((failure: unknown) => {
        broken = failure;
      });
      throw error;
    }
  } finally {
    client.release(broken instanceof Error ? broken : broken !== undefined);
  }
}

function transactionOf<Schema>(client: pg.PoolClient): Transaction<Schema> {
  const known = databases.get(client) ?? databaseOf<Schema>(client);
  databases.set(client, known);
  return known as Transaction<Schema>;
}
