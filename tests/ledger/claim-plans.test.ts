import { claimable, QueueMemory } from "@countersign/server/ledger/claimable.ts";
import { migrations } from "@countersign/server/ledger/migrations.ts";
import type { LedgerSchema } from "@countersign/server/ledger/schema.ts";
import { migrate } from "@countersign/sql";
import { CompiledQuery } from "kysely";
import { describe, expect, it, onTestFinished } from "vitest";
import { databaseOver } from "../../sql/src/postgres-database.ts";
import { postgresPool } from "../../sql/src/postgres-pool.ts";
import { createDatabase, postgresUrl } from "../support/postgres.ts";
import {
  isPrepared,
  keptPostgresPlan,
  nodesOf,
  postgresPlan,
  type RecordedDatabase,
  recordedPostgres,
  recordedSqlite,
  sqlitePlan,
} from "../support/query-plans.ts";

const ENDED = 20_000;
const BLOCKED = 10_000;
const query = { network: "testnet", accountId: "relay.testnet", heldTenants: [], limit: 16 };

interface Database extends RecordedDatabase {
  /** Rows with `n` from the first number on, as many as the second says. */
  readonly series: (first: number, count: number) => string;
  readonly bytes: "blob" | "bytea";
}

function sqlite(): Database {
  const { db, asked } = recordedSqlite(":memory:");
  onTestFinished(() => db.destroy());
  const series = (first: number, count: number) =>
    `(with recursive i (n) as (select ${first} union all select n + 1 from i where n < ${first + count - 1})
      select n from i)`;
  return { db, asked, series, bytes: "blob" };
}

async function postgres(): Promise<Database & { readonly url: string }> {
  const database = await createDatabase();
  const { db, asked } = recordedPostgres(database.url);
  onTestFinished(async () => {
    await db.destroy();
    await database.drop();
  });
  const series = (first: number, count: number) =>
    `(select n from generate_series(${first}, ${first + count - 1}) as i (n))`;
  return { db, asked, series, bytes: "bytea", url: database.url };
}

/**
 * A ledger in which much has ended, and whose queue begins with a group that waits for its first. `beforeQueue` is done
 * before there is a queue.
 */
async function fill({ db, series, bytes }: Database, beforeQueue = async () => {}): Promise<void> {
  await migrate(db, migrations(bytes));
  const payload = bytes === "blob" ? "x''" : "''::bytea";
  const insert = (first: number, count: number, state: string, group: string, lane: string, end: string) =>
    db.executeQuery(
      CompiledQuery.raw(`insert into submissions (id, tenant, caller, kind, state, version, network, account_id,
        receiver_id, payload, created_at, ordering_group, lane_id, terminal_at)
        select 'sub_' || n, 't', 'c', 'DELEGATE', '${state}', 1, 'testnet', 'a', 'r', ${payload}, n, ${group}, ${lane},
        ${end} from ${series(first, count)} as s`),
    );
  await insert(0, ENDED, "SUCCEEDED", "'group-' || n", "1", "n");
  await beforeQueue();
  await insert(ENDED, 1, "BROADCAST", "'crowd'", "1", "null");
  await insert(ENDED + 1, BLOCKED, "ACCEPTED", "'crowd'", "null", "null");
  await insert(ENDED + BLOCKED + 1, 1_000, "ACCEPTED", "'group-' || n", "null", "null");
}

describe(`a claim behind ${BLOCKED} submissions that wait for one`, () => {
  it("reads only through indexes on SQLite", async () => {
    const { db, asked, ...rest } = sqlite();
    await fill({ db, asked, ...rest });
    asked.length = 0;
    expect(await claimable(db, new QueueMemory(), query)).toHaveLength(16);
    const statements = [...asked];
    expect(statements.length).toBeGreaterThan(3);
    for (const [i, statement] of statements.entries()) {
      const steps = await sqlitePlan(db, statement);
      // What goes before the queue is looked for without reading the queue.
      const first = steps.find(
        (step) => !step.startsWith("SCALAR SUBQUERY") && !step.startsWith("SCAN CONSTANT"),
      );
      if (i === 0) expect(first).toContain("USING INDEX submissions_open (tenant=?");
      // Also no index that holds the queue.
      expect(
        steps.filter((step) => /^SCAN (?!groups|CONSTANT)/.test(step)),
        statement.sql,
      ).toEqual([]);
    }
  });

  // Autovacuum looks again when a tenth of the table has changed: behind millions that have ended, not for a long time.
  const times = ["of now", "from before there was a queue"];
  it.skipIf(postgresUrl === undefined).each(times)(
    "touches a few hundred rows on PostgreSQL with statistics %s",
    async (time) => {
      const { db, asked, ...rest } = await postgres();
      const execute = (text: string) => db.executeQuery(CompiledQuery.raw(text));
      const analyze = async () => void (await execute("analyze submissions"));
      await fill({ db, asked, ...rest }, async () => {
        await execute("alter table submissions set (autovacuum_enabled = off)");
        await analyze();
      });
      if (time === "of now") await analyze();
      asked.length = 0;
      expect(await claimable(db, new QueueMemory(), query)).toHaveLength(16);
      const statements = [...asked];
      expect(statements.length).toBeGreaterThan(3);
      for (const statement of statements) {
        const { sql } = statement;
        const plans = [await postgresPlan(db, statement, true)];
        if (isPrepared(statement)) plans.push(await keptPostgresPlan(db, statement, true));
        const nodes = plans.flatMap(nodesOf);
        expect(
          nodes.filter((node) => node["Node Type"] === "Seq Scan" && node["Relation Name"] === "submissions"),
          sql,
        ).toEqual([]);
        for (const node of nodes) {
          const { "Actual Rows": rows = 0, "Actual Loops": loops = 0 } = node;
          const read = (rows + (node["Rows Removed by Filter"] ?? 0)) * loops;
          expect(read, `${node["Node Type"]} of ${sql}`).toBeLessThan(1_000);
        }
      }
    },
  );

  it.skipIf(postgresUrl === undefined)("keeps its plans on PostgreSQL", async () => {
    const { db: filled, url, ...rest } = await postgres();
    await fill({ db: filled, ...rest });
    await filled.executeQuery(CompiledQuery.raw("analyze submissions"));
    const pool = postgresPool(url, "test", { max: 1 });
    onTestFinished(() => pool.end());
    const db = databaseOver<LedgerSchema>(pool);
    for (let i = 0; i < 8 + 16 + 16; i++) {
      expect(await claimable(db, new QueueMemory(), { ...query, limit: 1 + (i % 16) })).toHaveLength(
        1 + (i % 16),
      );
    }
    const { rows } = await db.executeQuery<{ custom: number; text: string }>(
      CompiledQuery.raw(
        "select custom_plans::int as custom, statement as text from pg_prepared_statements where name <> ''",
      ),
    );
    expect(rows).toHaveLength(4);
    // PostgreSQL tries out five before it keeps one.
    for (const { custom, text } of rows) expect(custom, text).toBeLessThanOrEqual(5);
  });
});
