import { FixedStatement, ListStatement, together } from "@countersign/sql";
import { CompiledQuery, type Kysely } from "kysely";
import type pg from "pg";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { databaseOver } from "../../sql/src/postgres-database.ts";
import { postgresPool } from "../../sql/src/postgres-pool.ts";
import { inTransaction } from "../../sql/src/postgres-transaction.ts";
import { createDatabase, postgresUrl, type TestDatabase } from "../support/postgres.ts";

type Schema = { things: { name: string; place: bigint } };

const PLACE = new FixedStatement((db: Kysely<Schema>) =>
  db.selectFrom("things").select("place").where("name", "=", ""),
);
const PLACES = new ListStatement({ name: "text" }, (db: Kysely<Schema>, list) =>
  db.selectFrom("things as t").innerJoin(list, "v.name", "t.name").select(["t.name", "t.place"]),
);

const ALL = new FixedStatement((db: Kysely<Schema>) =>
  db.selectFrom("things").selectAll().where("name", "=", ""),
);

const ALL_BESIDES = new FixedStatement((db: Kysely<Schema>) =>
  db.selectFrom("things").select("place as at").selectAll("things").where("name", "=", ""),
);

/** So long a statement is kept at first, and so long at most. */
const RUNS_AT_LEAST = 8;
const RUNS_AT_MOST = 256;
const MANY = 50_000;

describe.skipIf(postgresUrl === undefined)("a fixed statement on PostgreSQL", () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let db: Kysely<Schema>;
  const execute = async <T>(text: string) => (await db.executeQuery<T>(CompiledQuery.raw(text))).rows;
  /** What the only connection has prepared. */
  const prepared = () =>
    execute<{ name: string; plans: number }>(
      "select name, (generic_plans + custom_plans)::int as plans from pg_prepared_statements where name <> ''",
    );
  const place = async (name = "thing-1") => (await PLACE.run(db, [name]))[0]?.place;

  beforeEach(async () => {
    database = await createDatabase();
    pool = postgresPool(database.url, "test", { max: 1 });
    db = databaseOver(pool);
    await execute("create table things (name text primary key, place bigint)");
    await execute("alter table things set (autovacuum_enabled = off)");
    await execute("insert into things values ('thing-1', 1)");
  });
  afterEach(async () => {
    await pool.end();
    await database.drop();
  });

  it("is prepared once for many runs, anew now and then, and under one name at a time", async () => {
    const names = new Set<string>();
    for (let runs = 1; runs <= 1_000; runs++) {
      expect(await place()).toBe(1n);
      const [statement, ...others] = await prepared();
      expect(others).toEqual([]);
      names.add(statement?.name ?? "");
      expect(statement?.plans).toBeLessThanOrEqual(Math.min(RUNS_AT_MOST, Math.max(RUNS_AT_LEAST, runs)));
    }
    expect(names.size).toBeLessThan(15);
  });

  it.each([8, 40])("leaves a plan that fitted an empty table, after %i runs on it", async (runs) => {
    const ask = () => PLACES.run(db, [["thing-1"]]);
    await execute("delete from things");
    await execute("vacuum analyze things");
    for (let i = 0; i < runs; i++) expect(await ask()).toEqual([]);
    await execute(`insert into things select 'thing-' || n, n from generate_series(1, ${MANY}) as n`);
    for (let i = 0; i < Math.min(runs + 1, RUNS_AT_MOST); i++) {
      expect(await ask()).toEqual([{ name: "thing-1", place: 1n }]);
    }
    const [statement] = await prepared();
    const plan = JSON.stringify(await execute(`explain execute ${statement?.name} (null)`));
    expect(plan).toContain("Index Scan");
    expect(plan).not.toContain("Seq Scan");
  });

  it("is prepared anew after some seconds, and kept for few runs where there were few", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    for (let i = 0; i < 1_000; i++) await place();
    const names = new Set<string>();
    for (let i = 0; i < 2; i++) {
      vi.advanceTimersByTime(10_001);
      for (let run = 0; run < RUNS_AT_LEAST; run++) {
        await place();
        names.add((await prepared())[0]?.name ?? "");
      }
    }
    expect(names.size).toBe(2);
    for (let i = 0; i < 2; i++) {
      vi.advanceTimersByTime(10_001);
      await place();
    }
    // What was kept before ran once.
    names.clear();
    for (let run = 1; run < 2 * RUNS_AT_LEAST; run++) {
      await place();
      names.add((await prepared())[0]?.name ?? "");
    }
    expect(names.size).toBe(2);
  });

  it("goes on when its table is given a column more", async () => {
    const ask = async () => [
      await place(),
      await ALL.run(db, ["thing-1"]),
      await ALL_BESIDES.run(db, ["thing-1"]),
      await PLACES.run(db, [["thing-1"]]),
    ];
    for (let i = 0; i < 20; i++) await ask();
    await database.query("alter table things add column other text");
    const thing = { name: "thing-1", place: 1n };
    const all = { ...thing, other: null };
    expect(await ask()).toEqual([1n, [all], [{ at: 1n, ...all }], [thing]]);
  });

  it("may be asked through the pool itself", async () => {
    await place();
    const [{ text } = { text: "" }] = await execute<{ text: string }>(
      "select statement as text from pg_prepared_statements where name <> ''",
    );
    expect((await pool.query(text, ["thing-1"])).rows).toEqual([{ place: 1n }]);
  });

  it("is forgotten when it is closed, also where more was asked at once than it is kept for", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    for (let round = 0; round < 20; round++) {
      vi.advanceTimersByTime(10_001);
      await place();
      vi.advanceTimersByTime(10_001);
      await inTransaction<Schema, void>(pool, "begin", async (trx) => {
        await together(Array.from({ length: 8 * RUNS_AT_LEAST }, () => PLACE.run(trx, [""])));
      });
    }
    expect(await prepared()).toHaveLength(1);
    const client = await pool.connect();
    client.release();
    // What pg itself remembers of it.
    const { connection } = client as unknown as { connection: { parsedStatements: object } };
    expect(Object.keys(connection.parsedStatements).length).toBeLessThan(8);
  });

  it("is kept for lists of any length", async () => {
    await execute(`insert into things select 'thing-' || n, n from generate_series(2, ${MANY}) as n`);
    await execute("vacuum analyze things");
    // The first five are short: a plan for any list must not seem dear beside theirs.
    for (let runs = 1; runs < 240; runs++) {
      const names = Array.from({ length: runs === 230 ? 40 : 1 }, (_, i) => [`thing-${i + 1}`]);
      expect(await PLACES.run(db, names)).toHaveLength(names.length);
    }
    const [statement] = await execute<{ generic: number; custom: number }>(
      "select generic_plans::int as generic, custom_plans::int as custom from pg_prepared_statements where name <> ''",
    );
    // PostgreSQL tries out five before it keeps one.
    expect(statement).toMatchObject({ custom: 5 });
    expect(statement?.generic).toBeGreaterThan(100);
  });

  it("goes on after transactions in which it failed", async () => {
    for (let round = 0; round < 40; round++) {
      const transaction = inTransaction<Schema, void>(pool, "begin", async (trx) => {
        await PLACE.run(trx, ["thing-1"]);
        const broken = trx.executeQuery(CompiledQuery.raw("select 1 / 0"));
        const after = Array.from({ length: 1 + (round % 5) }, () => PLACE.run(trx, ["thing-1"]));
        await together([broken, ...after]);
      });
      await expect(transaction).rejects.toThrow("division by zero");
      expect(await place()).toBe(1n);
    }
    expect(await prepared()).toHaveLength(1);
  });

  it("is not compiled to machine code, however dear its plan looks", async () => {
    await execute("set jit_above_cost = 0");
    const compiled = async () => {
      const [row] = await execute<{ "QUERY PLAN": [{ JIT?: object }] }>(
        "explain (format json) select count(*) from things",
      );
      return row?.["QUERY PLAN"][0].JIT !== undefined;
    };
    expect(await compiled()).toBe(false);
    // It would be, where PostgreSQL can.
    await execute("set jit = on");
    const [can] = await execute<{ jit: boolean }>("select pg_jit_available() as jit");
    expect(await compiled()).toBe(can?.jit);
  });
});
