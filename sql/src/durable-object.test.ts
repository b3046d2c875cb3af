import { DatabaseSync } from "node:sqlite";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { openDurableObject } from "./durable-object.ts";
import type { DurableStorage } from "./durable-object-dialect.ts";
import type { StoreKind } from "./store-kind.ts";

class Unavailable extends Error {}

const KIND: StoreKind<unknown> = {
  name: "ledger",
  applicationName: "test",
  migrations: () => ({}),
  unavailable: (message, options) => new Unavailable(message, options),
  locked: (path) => new Error(path),
};

/** SQLite as the platform offers it; each fault makes the end of a transaction fail. */
function storage(faults: Error[] = []): DurableStorage {
  const db = new DatabaseSync(":memory:");
  return {
    sql: {
      exec(query, ...bindings) {
        const statement = db.prepare(query);
        const columnNames = statement.columns().map(({ name }) => String(name));
        const values = bindings.map((value) =>
          value instanceof ArrayBuffer ? new Uint8Array(value) : value,
        );
        const rows = statement.all(...values) as Record<string, string | number | null>[];
        return { columnNames, toArray: () => rows };
      },
    },
    async transaction(closure) {
      db.exec("begin");
      try {
        const result = await closure();
        const fault = faults.shift();
        if (fault !== undefined) throw fault;
        db.exec("commit");
        return result;
      } catch (error) {
        db.exec("rollback");
        throw error;
      }
    },
  };
}

const touch = sql`create table touched (at integer)`;
const FAULTS = [
  "database or disk is full: SQLITE_FULL",
  "disk I/O error: SQLITE_IOERR (extended: SQLITE_IOERR_WRITE)",
  "Internal error in Durable Object storage write caused object to be reset; reference = x",
  "Durable Object storage operation exceeded timeout which caused object to be reset.",
];

test.each(FAULTS)("a commit that fails with %s says that the store is away, and why", async (message) => {
  const cause = new Error(message);
  const faults: Error[] = [];
  const engine = await openDurableObject(storage(faults), KIND);
  faults.push(cause);
  const failed = engine.write((trx) => sql`select 1`.execute(trx));
  await expect(failed).rejects.toBeInstanceOf(Unavailable);
  await expect(failed).rejects.toHaveProperty("cause", cause);
});

test("a commit that fails for good is told as it is, and the next transaction runs", async () => {
  const faults: Error[] = [];
  const engine = await openDurableObject(storage(faults), KIND);
  const fault = new Error("FOREIGN KEY constraint failed: SQLITE_CONSTRAINT");
  faults.push(fault);
  await expect(engine.write((trx) => touch.execute(trx))).rejects.toBe(fault);
  await engine.write((trx) => touch.execute(trx));
  const { rows } = await engine.read((db) => sql`select count(*) as touched from touched`.execute(db));
  expect(rows).toEqual([{ touched: 0n }]);
});

test("what a transaction throws undoes it, and is thrown", async () => {
  const engine = await openDurableObject(storage(), KIND);
  const fault = new Error("no");
  const failed = engine.write(async (trx) => {
    await touch.execute(trx);
    throw fault;
  });
  await expect(failed).rejects.toBe(fault);
  await expect(engine.read((db) => sql`select * from touched`.execute(db))).rejects.toThrow("no such table");
});
