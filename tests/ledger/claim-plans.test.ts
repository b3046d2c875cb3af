import { DatabaseSync } from "node:sqlite";
import { claimable } from "@countersign/server/ledger/claimable.ts";
import { GroupRounds } from "@countersign/server/ledger/group-rounds.ts";
import { migrations } from "@countersign/server/ledger/migrations.ts";
import type { LedgerSchema } from "@countersign/server/ledger/schema.ts";
import { migrate, NodeSqliteDialect } from "@countersign/sql";
import { CompiledQuery, Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import { createDatabase, postgresUrl } from "../support/postgres.ts";

const ENDED = 20_000;
const BLOCKED = 10_000;
const query = { network: "testnet", accountId: "relay.testnet", heldTenants: [], limit: 16 };

interface Database {
  readonly db: Kysely<LedgerSchema>;
  /** What was asked so far. */
  readonly asked: CompiledQuery[];
  /** Rows with `n` from the first number on, as many as the second says. */
  readonly series: (first: number, count: number) => string;
  readonly bytes: "blob" | "bytea";
}

function sqlite(): Database {
  const asked: CompiledQuery[] = [];
  const dialect = new NodeSqliteDialect(new DatabaseSync(":memory:"));
  const db = new Kysely<LedgerSchema>({ dialect, log: ({ query: one }) => void asked.push(one) });
  onTestFinished(() => db.destroy());
  const series = (first: number, count: number) =>
    `(with recursive i (n) as (select ${first} union all select n + 1 from i where n < ${first + count - 1})
      select n from i)`;
  return { db, asked, series, bytes: "blob" };
}

async function postgres(): Promise<Database> {
  const asked: CompiledQuery[] = [];
  const database = await createDatabase();
  const pool = new pg.Pool({ connectionString: database.url });
  pool.on("error", () => undefined);
  const dialect = new PostgresDialect({ pool });
  const db = new Kysely<LedgerSchema>({ dialect, log: ({ query: one }) => void asked.push(one) });
  onTestFinished(async () => {
    await db.destroy();
    await database.drop();
  });
  const series = (first: number, count: number) =>
    `(select n from generate_series(${first}, ${first + count - 1}) as i (n))`;
  return { db, asked, series, bytes: "bytea" };
}

/** A ledger in which much has ended, and whose queue begins with a group that waits for its first. */
async function fill({ db, series, bytes }: Database): Promise<void> {
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
  await insert(ENDED, 1, "BROADCAST", "'crowd'", "1", "null");
  await insert(ENDED + 1, BLOCKED, "ACCEPTED", "'crowd'", "null", "null");
  await insert(ENDED + BLOCKED + 1, 1_000, "ACCEPTED", "'group-' || n", "null", "null");
}

describe(`a claim behind ${BLOCKED} submissions that wait for one`, () => {
  it("reads only through indexes on SQLite", async () => {
    const { db, asked, ...rest } = sqlite();
    await fill({ db, asked, ...rest });
    asked.length = 0;
    expect(await claimable(db, new GroupRounds(), query)).toHaveLength(16);
    const statements = [...asked];
    expect(statements.length).toBeGreaterThan(3);
    for (const [i, { sql, parameters }] of statements.entries()) {
      const explained = CompiledQuery.raw(`explain query plan ${sql}`, [...parameters]);
      const { rows } = await db.executeQuery<{ detail: string }>(explained);
      // What goes before the queue is looked for without reading the queue.
      if (i === 0) expect(rows[0]?.detail).toContain("USING INDEX submissions_open (tenant=?");
      expect(
        rows.filter(({ detail }) => /^SCAN (?!groups|CONSTANT)/.test(detail)),
        sql,
      ).toEqual([]);
    }
  });

  it.skipIf(postgresUrl === undefined)("touches a few hundred rows on PostgreSQL", async () => {
    const { db, asked, ...rest } = await postgres();
    await fill({ db, asked, ...rest });
    await db.executeQuery(CompiledQuery.raw("analyze submissions"));
    asked.length = 0;
    expect(await claimable(db, new GroupRounds(), query)).toHaveLength(16);
    const statements = [...asked];
    expect(statements.length).toBeGreaterThan(3);
    for (const { sql, parameters } of statements) {
      const explained = CompiledQuery.raw(`explain (analyze, format json) ${sql}`, [...parameters]);
      const { rows } = await db.executeQuery<{ "QUERY PLAN": [{ Plan: Plan }] }>(explained);
      const plan = rows[0]?.["QUERY PLAN"][0].Plan;
      if (plan === undefined) throw new Error("no plan");
      const nodes = nodesOf(plan);
      expect(
        nodes.filter((node) => node["Node Type"] === "Seq Scan" && node["Relation Name"] === "submissions"),
        sql,
      ).toEqual([]);
      for (const node of nodes) {
        const read = (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)) * node["Actual Loops"];
        expect(read, `${node["Node Type"]} of ${sql}`).toBeLessThan(1_000);
      }
    }
  });
});

interface Plan {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly Plan[];
}

function nodesOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}
