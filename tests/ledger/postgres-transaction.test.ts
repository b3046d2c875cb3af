import { together } from "@countersign/sql";
import { type Kysely, sql, type Transaction } from "kysely";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PostgresConnections } from "../../sql/src/postgres-connections.ts";
import { postgresPool } from "../../sql/src/postgres-pool.ts";
import { inTransaction } from "../../sql/src/postgres-transaction.ts";
import { createDatabase, postgresUrl, type TestDatabase } from "../support/postgres.ts";

/** Where a test is not about it, no query takes as long. */
const TIMEOUT_MS = 30_000;
/** Long enough for whatever else the machine does meanwhile. */
const SHORT_TIMEOUT_MS = 2_000;

type Rows = Transaction<Record<never, never>>;

const insert = (trx: Rows, value: number) => sql`insert into numbers values (${value})`.execute(trx);

/** What a process does that is stopped for longer than a query may take. */
function standStill(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1.5 * SHORT_TIMEOUT_MS);
}

describe.skipIf(postgresUrl === undefined)("a transaction on PostgreSQL", () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  const poolWith = (timeoutMs: number) =>
    postgresPool(database.url, "test", { max: 1, query_timeout: timeoutMs });
  const run = <T>(body: (trx: Rows) => Promise<T>) => inTransaction(pool, "begin", body);
  const numbers = async () =>
    (await database.query<{ n: number }>("select n from numbers order by n")).map(({ n }) => n);
  const openTransactions = () =>
    database.query(
      "select pid from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'",
    );

  beforeEach(async () => {
    database = await createDatabase();
    await database.query("create table numbers (n integer primary key)");
    pool = poolWith(TIMEOUT_MS);
  });
  afterEach(async () => {
    await pool.end();
    await database.drop();
  });

  it("carries out what was asked in one go in its order", async () => {
    const seen = await run(async (trx) => {
      const [, { rows }] = await together([
        insert(trx, 1),
        sql<{ n: number }>`select n from numbers`.execute(trx),
        insert(trx, 2),
      ]);
      return rows;
    });
    expect(seen).toEqual([{ n: 1 }]);
    expect(await numbers()).toEqual([1, 2]);
  });

  it("sends what was asked in one go with one write", async () => {
    const writes: number[] = [];
    pool.on("connect", (client) => {
      const { stream } = (client as pg.Client).connection;
      const writev = stream._writev?.bind(stream);
      stream._writev = (chunks, done) => {
        writes.push(chunks.length);
        writev?.(chunks, done);
      };
    });
    await run((trx) => together([insert(trx, 1), insert(trx, 2), insert(trx, 3)]));
    const largest = Math.max(...writes);
    // Each is parsed, bound, described, executed and synchronised.
    expect(largest).toBeGreaterThanOrEqual(15);
  });

  it("writes nothing when one of them fails, whichever comes after", async () => {
    const failed = run((trx) => together([insert(trx, 1), insert(trx, 1), insert(trx, 2)]));
    await expect(failed).rejects.toThrow("duplicate key");
    expect(await numbers()).toEqual([]);
    await run((trx) => insert(trx, 3));
    expect(await numbers()).toEqual([3]);
  });

  it("writes nothing when its body throws, and says why", async () => {
    const failed = run(async (trx) => {
      await insert(trx, 1);
      throw new Error("changed its mind");
    });
    await expect(failed).rejects.toThrow("changed its mind");
    expect(await numbers()).toEqual([]);
    expect(await openTransactions()).toEqual([]);
  });

  it("does not say that it wrote what PostgreSQL did not commit", async () => {
    const swallowed = run(async (trx) => {
      await insert(trx, 1);
      await insert(trx, 1).catch(() => undefined);
      return "written";
    });
    await expect(swallowed).rejects.toThrow("the transaction was aborted");
    expect(await numbers()).toEqual([]);
  });

  it("fails on a connection that leads elsewhere, also while a statement runs", async () => {
    const connections = new PostgresConnections<unknown>(async () => false);
    const [old, fresh] = [await pool.connect(), new pg.Client({ connectionString: database.url })];
    await connections.add(old);
    await fresh.connect();
    const sleeps = expect(old.query("select pg_sleep(0.2)")).rejects.toThrow();
    await connections.add(fresh);
    await sleeps;
    await fresh.end();
    old.release();
  });

  it("leaves its connection to nobody when that breaks", async () => {
    const failed = run(async (trx) => {
      await insert(trx, 1);
      await database.cutConnections();
      await insert(trx, 2);
    });
    await expect(failed).rejects.toThrow();
    expect(await numbers()).toEqual([]);
    await run((trx) => insert(trx, 3));
    expect(await numbers()).toEqual([3]);
  });

  it("is nobody's when its BEGIN was given up on", async () => {
    await pool.end();
    pool = poolWith(SHORT_TIMEOUT_MS);
    await pool.query("select 1");
    const begun = run(async () => "begun");
    setImmediate(standStill);
    await expect(begun).rejects.toThrow("Query read timeout");
    const { rows } = await run((trx: Kysely<Record<never, never>>) =>
      sql<{ age: number }>`select extract(epoch from clock_timestamp() - now())::float8 as age`.execute(trx),
    );
    expect(rows[0]?.age).toBeLessThan(SHORT_TIMEOUT_MS / 1_000);
    expect(await openTransactions()).toEqual([]);
  });
});
