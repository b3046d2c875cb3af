import { DatabaseSync } from "node:sqlite";
import { CompiledQuery, Kysely } from "kysely";
import { expect, it, onTestFinished } from "vitest";
import { NodeSqliteDialect } from "./sqlite-dialect.ts";
import { valueList } from "./value-list.ts";

interface Schema {
  things: { id: string; place: bigint | null };
}

it.each([1, 100, 1_000])("SQLite looks each of %i values up in the table's index", async (count) => {
  const connection = new DatabaseSync(":memory:");
  connection.exec("create table things (id text primary key not null, place bigint)");
  const db = new Kysely<Schema>({ dialect: new NodeSqliteDialect(connection) });
  onTestFinished(() => db.destroy());

  const rows = Array.from({ length: count }, (_, i) => ({ id: `thing-${i}`, place: BigInt(i) }));
  const { sql, parameters } = db
    .updateTable("things as t")
    .from(valueList("v", { id: "text", place: "bigint" }, rows))
    .set((eb) => ({ place: eb.ref("v.place") }))
    .whereRef("t.id", "=", "v.id")
    .compile();
  const plan = await db.executeQuery<{ detail: string }>(
    CompiledQuery.raw(`explain query plan ${sql}`, [...parameters]),
  );
  const steps = plan.rows.map(({ detail }) => detail);
  expect(steps.filter((step) => /\bt\b/.test(step))).toEqual([
    expect.stringMatching(/^SEARCH t USING .*\(id=\?\)$/),
  ]);
});
