import { DatabaseSync } from "node:sqlite";
import { ledgerOver } from "@countersign/server/ledger/ledger-over.ts";
import { LEDGER } from "@countersign/server/ledger/store-kind.ts";
import { type DurableStorage, openDurableObject } from "@countersign/sql";
import { sql } from "kysely";
import { expect, test } from "vitest";

/** Parameters of one statement (https://developers.cloudflare.com/durable-objects/platform/limits). */
const MAX_PARAMETERS = 100;

/** SQLite as the platform offers it, with its bound on parameters. */
function storage(): DurableStorage {
  const db = new DatabaseSync(":memory:");
  return {
    sql: {
      exec(query, ...bindings) {
        if (bindings.length > MAX_PARAMETERS) throw new Error("too many SQL variables: SQLITE_ERROR");
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
        db.exec("commit");
        return result;
      } catch (error) {
        db.exec("rollback");
        throw error;
      }
    },
  };
}

test("as many refusals as are gathered are audited in statements that a Durable Object takes", async () => {
  const engine = await openDurableObject(storage(), LEDGER);
  const events = Array.from({ length: 72 }, (_, i) => ({
    ...{ tenant: "", kind: "auth.refused" as const, actor: "anonymous", at: new Date() },
    detail: { reason: "TENANT_NOT_FOUND", address: `203.0.113.${i}`, count: 1 },
  }));
  await ledgerOver(engine, () => new Date()).appendAudit(events);
  const { rows } = await engine.read((db) => sql`select count(*) as written from audit_events`.execute(db));
  expect(rows).toEqual([{ written: 72n }]);
});
