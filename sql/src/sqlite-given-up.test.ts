import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Kysely, sql } from "kysely";
import { expect, it, onTestFinished } from "vitest";
import { openEngine } from "./open-engine.ts";
import type { StoreKind } from "./store-kind.ts";
import { together } from "./together.ts";

class Unavailable extends Error {}

const KIND: StoreKind<Record<never, never>> = {
  name: "test store",
  applicationName: "test",
  migrations: () => ({
    "0001": { up: async (db) => void (await sql`create table numbers (n integer)`.execute(db)) },
  }),
  unavailable: (message, options) => new Unavailable(message, options),
  locked: (message) => new Error(message),
};

const insert = (db: Kysely<Record<never, never>>, n: number) =>
  sql`insert into numbers values (${n})`.execute(db);

// SQLite does so when the disk is full or fails, if it must (https://www.sqlite.org/lang_transaction.html).
it("carries out nothing more of a transaction that SQLite has ended by itself, nor of its neighbours", async () => {
  const folder = mkdtempSync(join(tmpdir(), "countersign-sqlite-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const engine = await openEngine(`sqlite:${join(folder, "test.db")}`, KIND);
  onTestFinished(() => engine.close());
  const ended = "ROLLBACK";
  const ends = await Promise.allSettled([
    engine.write((trx) => insert(trx, 1)),
    engine.write((trx) => together([insert(trx, 2), sql.raw(ended).execute(trx), insert(trx, 3)])),
    engine.write((trx) => insert(trx, 4)),
  ]);
  for (const end of ends) {
    expect(end).toMatchObject({ status: "rejected", reason: expect.any(Unavailable) });
  }
  const numbers = () => engine.read((db) => sql<{ n: bigint }>`select n from numbers`.execute(db));
  expect((await numbers()).rows).toEqual([]);
  await engine.write((trx) => insert(trx, 5));
  expect((await numbers()).rows).toEqual([{ n: 5n }]);
});
