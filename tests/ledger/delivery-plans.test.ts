import { migrations } from "@countersign/server/ledger/migrations.ts";
import {
  claimDeliveries,
  dueWebhooks,
  recordAttempts,
} from "@countersign/server/ledger/webhook-deliveries.ts";
import { migrate } from "@countersign/sql";
import { CompiledQuery } from "kysely";
import { describe, expect, it, onTestFinished } from "vitest";
import { createDatabase, postgresUrl } from "../support/postgres.ts";
import { hasPlan, nodesOf, postgresPlan, recordedPostgres } from "../support/query-plans.ts";
import { at } from "./builders.ts";

const TOLD = 20_000;
const WAITING = 5_000;

/** Autovacuum looks again when a tenth of the table has changed: behind millions that were told, not for a long time. */
describe.skipIf(postgresUrl === undefined)("PostgreSQL, with statistics from before a backlog", () => {
  it("reads few of the deliveries that wait", async () => {
    const database = await createDatabase();
    const { db, asked } = recordedPostgres(database.url);
    onTestFinished(async () => {
      await db.destroy();
      await database.drop();
    });
    await migrate(db, migrations("bytea"));
    const execute = (text: string) => db.executeQuery(CompiledQuery.raw(text));
    await execute("alter table webhook_deliveries set (autovacuum_enabled = off)");
    await execute(`insert into webhooks (id, tenant, url, description, states, paused, secrets, created_at)
      values ('w', 'a', '', '', '', 0, '[]', 0), ('slow', 'b', '', '', '', 0, '[]', 0)`);
    const columns = "webhook_id, submission_id, state, attempts, created_at, due_at, ended_at, last_problem";
    await execute(`insert into webhook_deliveries (${columns})
      select 'w', 'told_' || n, 'DELIVERED', 1, n, null, n, '' from generate_series(1, ${TOLD}) as n`);
    await execute("analyze webhook_deliveries");
    // They wait for their next try; those of the other webhook are due now.
    await execute(`insert into webhook_deliveries (${columns})
      select 'slow', 'sub_' || n, 'PENDING', 1, n, ${at(9).getTime()}, null, '' from generate_series(1, ${WAITING}) as n`);
    await execute(`insert into webhook_deliveries (${columns})
      select 'w', 'sub_' || n, 'PENDING', 0, n, ${at(0).getTime()}, null, '' from generate_series(1, 20) as n`);

    asked.length = 0;
    expect(await dueWebhooks(db, at(1))).toEqual(["w"]);
    await db.transaction().execute(async (trx) => {
      const wanted = [{ webhookId: "w", limit: 8 }];
      const claimed = await claimDeliveries({ locksRows: true }, trx, wanted, at(1), at(2));
      expect(claimed).toHaveLength(8);
      const result = { state: "DELIVERED", dueAt: null, status: 200, problem: "", at: at(1) } as const;
      await recordAttempts(
        trx,
        claimed.map(({ webhookId, submissionId, attempt }) => ({
          ...{ webhookId, submissionId, attempt },
          ...result,
        })),
      );
    });
    const statements = asked.filter(hasPlan);
    expect(statements.length).toBeGreaterThan(3);
    for (const statement of statements) {
      for (const node of nodesOf(await postgresPlan(db, statement, true))) {
        const { "Actual Rows": rows = 0, "Actual Loops": loops = 0, "Node Type": type } = node;
        const read = (rows + (node["Rows Removed by Filter"] ?? 0)) * loops;
        expect(read, `${type} ${node["Index Name"] ?? ""} of ${statement.sql}`).toBeLessThan(500);
      }
    }
  });
});
