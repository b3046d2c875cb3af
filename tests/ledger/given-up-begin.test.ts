import { Kysely, PostgresDialect, sql } from "kysely";
import { expect, it, onTestFinished } from "vitest";
import { postgresPool } from "../../sql/src/postgres-pool.ts";
import { createDatabase, postgresUrl } from "../support/postgres.ts";

const TIMEOUT_MS = 300;

/** What a process does that is stopped for longer than a query may take. */
function standStill(): void {
  const end = Date.now() + 4 * TIMEOUT_MS;
  while (Date.now() < end);
}

it.skipIf(postgresUrl === undefined)("a transaction whose BEGIN was given up on is nobody's", async () => {
  const database = await createDatabase();
  const pool = postgresPool(database.url, "test", { max: 1, query_timeout: TIMEOUT_MS });
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  onTestFinished(async () => {
    await db.destroy();
    await database.drop();
  });
  await sql`select 1`.execute(db);
  const begun = db.transaction().execute(async () => "begun");
  setImmediate(standStill);
  await expect(begun).rejects.toThrow("Query read timeout");
  const { rows } = await db
    .transaction()
    .execute((trx) =>
      sql<{ age: number }>`select extract(epoch from clock_timestamp() - now())::float8 as age`.execute(trx),
    );
  expect(rows[0]?.age).toBeLessThan(TIMEOUT_MS / 1_000);
  const open = await database.query(
    "select pid from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'",
  );
  expect(open).toEqual([]);
});
