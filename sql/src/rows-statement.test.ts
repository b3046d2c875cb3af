import { DatabaseSync } from "node:sqlite";
import { Kysely } from "kysely";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { RowsStatement } from "./rows-statement.ts";
import { NodeSqliteDialect } from "./sqlite-dialect.ts";
import { anyRows, valueList } from "./value-list.ts";

interface Schema {
  things: { id: string; place: bigint };
}

const COLUMNS = { id: "text", place: "bigint" } as const;

const INSERT = new RowsStatement((db: Kysely<Schema>, rows) => {
  sizes.push(rows);
  return db.insertInto("things").values(Array.from({ length: rows }, () => ({ id: "", place: 0n })));
});
const MOVE = new RowsStatement((db: Kysely<Schema>, rows) => {
  sizes.push(rows);
  return db
    .updateTable("things as t")
    .from(valueList("v", COLUMNS, anyRows(COLUMNS, rows)))
    .set((eb) => ({ place: eb.ref("v.place").$notNull() }))
    .whereRef("t.id", "=", "v.id")
    .returning("id");
});

/** Rows of each statement that was built. */
let sizes: number[] = [];
let db: Kysely<Schema>;

function rows(count: number, place: bigint) {
  return Array.from({ length: count }, (_, i) => [`thing-${i}`, place + BigInt(i)]);
}

beforeEach(() => {
  sizes = [];
  const connection = new DatabaseSync(":memory:");
  connection.exec("create table things (id text primary key not null, place bigint not null)");
  db = new Kysely<Schema>({ dialect: new NodeSqliteDialect(connection) });
  onTestFinished(() => db.destroy());
});

it.each([0, 1, 7, 57, 128, 129, 300])("does for %i rows what it does for one", async (count) => {
  await INSERT.runInParts(db, rows(count, 0n));
  const moved = await MOVE.runFilled(db, rows(count, 1_000n));
  expect(moved).toHaveLength(count);
  const found = await db.selectFrom("things").select(["id", "place"]).orderBy("place").execute();
  expect(found.map(({ id, place }) => [id, place])).toEqual(rows(count, 1_000n));
});

it("makes any number of rows of few statements", async () => {
  await INSERT.runInParts(db, rows(57, 0n));
  expect(sizes).toEqual([48, 8, 1]);
});

it("fills up to the next size", async () => {
  await MOVE.runFilled(db, rows(57, 0n));
  await MOVE.runFilled(db, rows(130, 0n));
  expect(sizes).toEqual([64, 128, 2]);
});

it("keeps to the parameters that an engine takes", async () => {
  Object.assign(db.getExecutor().adapter, { maxParameters: 100 });
  await INSERT.runInParts(db, rows(120, 0n));
  expect(await MOVE.runFilled(db, rows(120, 1_000n))).toHaveLength(120);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(50);
});
