import type { Engine } from "@countersign/server/ledger/engine.ts";
import { sqlitePath } from "@countersign/sql";
import type { CompiledQuery } from "kysely";
import {
  hasPlan,
  isPrepared,
  keptPostgresPlan,
  largeTables,
  nodesOf,
  type PlanNode,
  postgresPlan,
  postgresScans,
  type RecordedDatabase,
  recordedPostgres,
  recordedSqlite,
  sqlitePlan,
  sqliteScans,
} from "./query-plans.ts";

/** A statement as a ledger asked it, and how the database goes about it. */
export interface PlannedStatement {
  readonly sql: string;
  /** Where it looks, one step each. */
  readonly steps: readonly string[];
  /** Those of the steps that read something which grows as a whole. */
  readonly scans: readonly string[];
}

/** An engine over an existing ledger that remembers every statement. */
export interface RecordedEngine {
  readonly engine: Engine;
  /** The plans of what was asked since the last call, each text once. */
  plans(): Promise<PlannedStatement[]>;
}

/** `url` as openLedger takes it. On a file, no other process may be writing. */
export function recordedEngine(url: string): RecordedEngine {
  const path = sqlitePath(url);
  const database = path === undefined ? recordedPostgres(url) : recordedSqlite(path);
  const planOf = path === undefined ? planOnPostgres : planOnSqlite;
  return {
    engine: engineOver(database, path === undefined),
    plans: async () => {
      const asked = new Map(database.asked.splice(0).map((query) => [query.sql, query]));
      const plans: PlannedStatement[] = [];
      for (const query of asked.values()) {
        if (hasPlan(query)) plans.push({ sql: query.sql, ...(await planOf(database, query)) });
      }
      database.asked.length = 0;
      return plans;
    },
  };
}

/** Without what a ledger in use needs: it joins no commits, and gives errors as they are. */
function engineOver({ db }: RecordedDatabase, locksRows: boolean): Engine {
  const engine: Engine = {
    read: (body) => body(db),
    snapshot: (body) => db.transaction().execute(body),
    write: (body) => db.transaction().execute(body),
    get urgent() {
      return engine;
    },
    locksRows,
    close: () => db.destroy(),
  };
  return engine;
}

type Plan = Omit<PlannedStatement, "sql">;

async function planOnSqlite({ db }: RecordedDatabase, query: CompiledQuery): Promise<Plan> {
  const steps = await sqlitePlan(db, query);
  return { steps: steps.filter((step) => /^(SCAN|SEARCH) /.test(step)), scans: sqliteScans(steps) };
}

async function planOnPostgres({ db }: RecordedDatabase, query: CompiledQuery): Promise<Plan> {
  const plan = await postgresPlan(db, query);
  const plans = isPrepared(query) ? [plan, await keptPostgresPlan(db, query)] : [plan];
  const large = await largeTables(db);
  const said = (node: PlanNode) =>
    [node["Node Type"], node["Relation Name"] ?? "", node["Index Name"] ?? ""]
      .filter((word) => word !== "")
      .join(" ");
  return {
    steps: nodesOf(plan)
      .filter((node) => node["Index Name"] !== undefined || node["Node Type"] === "Seq Scan")
      .map(said),
    scans: plans.flatMap((one) => postgresScans(one, large)).map(said),
  };
}
