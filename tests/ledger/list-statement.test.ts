import { ListStatement } from "@countersign/sql";
import type { Kysely } from "kysely";
import type pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { databaseOver } from "../../sql/src/postgres-database.ts";
import { postgresPool } from "../../sql/src/postgres-pool.ts";
import { createDatabase, postgresUrl, type TestDatabase } from "../support/postgres.ts";

type Schema = { things: { name: string; place: bigint | null } };

const COLUMNS = { name: "text", place: "bigint" } as const;

const ALL = new ListStatement(COLUMNS, (db: Kysely<Schema>, list) => db.selectFrom(list).selectAll());
const MOVE = new ListStatement(COLUMNS, (db: Kysely<Schema>, list) =>
  db
    .updateTable("things as t")
    .from(list)
    .set((eb) => ({ place: eb.ref("v.place") }))
    .whereRef("t.name", "=", "v.name")
    .returning(["t.name", "t.place"]),
);

describe.skipIf(postgresUrl === undefined)("a list of rows on PostgreSQL", () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let db: Kysely<Schema>;
  beforeEach(async () => {
    database = await createDatabase();
    pool = postgresPool(database.url, "test", { max: 1 });
    db = databaseOver(pool);
  });
  afterEach(async () => {
    await pool.end();
    await database.drop();
  });

  it("arrives as it was given", async () => {
    const rows = [
      ["a", 1n],
      ["", 0n],
      [null, null],
      ['{"NULL",\\x41}', 2n ** 63n - 1n],
      ["NULL", -(2n ** 63n)],
      ["grün 😀\n\t'", -1n],
      ["x".repeat(100_000), null],
    ];
    expect(await ALL.run(db, rows)).toEqual(rows.map(([name, place]) => ({ name, place })));
  });

  it.each([0, 1, 129, 3_000])("holds %i rows", async (count) => {
    await database.query("create table things (name text primary key, place bigint)");
    await database.query(`insert into things select 'thing-' || n from generate_series(0, 2999) n`);
    const rows = Array.from({ length: count }, (_, i) => [`thing-${i}`, BigInt(i)] as const);
    const moved = await MOVE.run(db, rows);
    expect(moved.toSorted((a, b) => Number(a.place) - Number(b.place))).toEqual(
      rows.map(([name, place]) => ({ name, place })),
    );
  });

  it("refuses a number that the column cannot hold, before anything is sent", async () => {
    await expect(ALL.run(db, [["a", 2n ** 63n]])).rejects.toThrow(RangeError);
    await expect(ALL.run(db, [["a", 1n]])).resolves.toHaveLength(1);
  });
});
