import { prunableAudit, pruneAudit } from "@countersign/server/ledger/audit-retention.ts";
import { migrations } from "@countersign/server/ledger/migrations.ts";
import { migrate } from "@countersign/sql";
import { CompiledQuery } from "kysely";
import { expect, it, onTestFinished } from "vitest";
import { type RecordedDatabase, recordedSqlite, sqlitePlan } from "../support/query-plans.ts";
import { at } from "./builders.ts";

/** Of SQLite's bytecode, what compares a row's value with another: such a row is read, whether it is wanted or not. */
const COMPARES = new Set(["Lt", "Le", "Gt", "Ge"]);

it("SQLite reads no more of the audit log than it deletes, however far away the checkpoint is", async () => {
  const { db, asked } = recordedSqlite(":memory:");
  onTestFinished(() => db.destroy());
  await migrate(db, migrations("blob"));
  const entry = { tenant: "a", kind: "test", actor: "relay", at: 0n, detail: "{}", hash: "00" };
  const entries = [1n, 2n, 3n].map((sequence) => ({ ...entry, id: `e${sequence}`, sequence }));
  await db.insertInto("audit_events").values(entries).execute();
  const head = { tenant: "a", sequence: 1_000_000n, hash: new Uint8Array(32), at: at(0) };
  const checkpoint = { ...head, publicKey: "", signature: new Uint8Array(64) };

  expect(await db.transaction().execute((trx) => pruneAudit(trx, checkpoint, 2))).toBe(2);
  const deletion = asked.find(({ sql }) => sql.startsWith('delete from "audit_events"'));
  if (deletion === undefined) throw new Error("nothing was deleted");
  expect((await opcodes(db, deletion)).filter((opcode) => COMPARES.has(opcode))).toEqual([]);
});

it("SQLite reads one of the signed heads that are old enough, however many they are", async () => {
  const { db, asked } = recordedSqlite(":memory:");
  onTestFinished(() => db.destroy());
  await migrate(db, migrations("blob"));
  await prunableAudit(db, at(0));
  const look = asked.at(-1);
  if (look === undefined) throw new Error("nothing was asked");
  const plan = await sqlitePlan(db, look);
  expect(plan.join()).toContain("audit_heads_age (tenant=? AND at<?)");
  // Neither sorted nor, as for a max(), gone through one by one.
  expect(plan.filter((step) => step.includes("TEMP B-TREE"))).toEqual([]);
  expect(await opcodes(db, look)).not.toContain("AggStep");
});

async function opcodes(db: RecordedDatabase["db"], { sql, parameters }: CompiledQuery): Promise<string[]> {
  const explained = CompiledQuery.raw(`explain ${sql}`, [...parameters]);
  const { rows } = await db.executeQuery<{ opcode: string }>(explained);
  expect(rows.length).toBeGreaterThan(10);
  return rows.map(({ opcode }) => opcode);
}
