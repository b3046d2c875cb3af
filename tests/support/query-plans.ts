import { DatabaseSync } from "node:sqlite";
import type { LedgerSchema } from "@countersign/server/ledger/schema.ts";
import { NodeSqliteDialect } from "@countersign/sql";
import { CompiledQuery, type Dialect, Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { isPrepared as isPreparedText } from "../../sql/src/fixed-statement.ts";

/** A ledger's database that remembers what it was asked. */
export interface RecordedDatabase {
  readonly db: Kysely<LedgerSchema>;
  readonly asked: CompiledQuery[];
}

/** `path` is a file's, or ":memory:". */
export function recordedSqlite(path: string): RecordedDatabase {
  return recorded(new NodeSqliteDialect(new DatabaseSync(path, { timeout: 5_000 })));
}

export function recordedPostgres(url: string): RecordedDatabase {
  const pool = new pg.Pool({ connectionString: url, types: { getTypeParser } });
  pool.on("error", () => undefined);
  return recorded(new PostgresDialect({ pool }));
}

const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: "text" | "binary") =>
  oid === pg.types.builtins.INT8 ? BigInt : pg.types.getTypeParser(oid, format as "text");

function recorded(dialect: Dialect): RecordedDatabase {
  const asked: CompiledQuery[] = [];
  return { db: new Kysely({ dialect, log: ({ query }) => void asked.push(query) }), asked };
}

/** Whether a statement reads or writes rows, so that there is a plan for it. */
export function hasPlan({ sql }: CompiledQuery): boolean {
  return /^\s*(select|insert|update|delete|with)\b/i.test(sql);
}

/** Indexes of what is open, due or not chained yet: they stay small, whatever the tables grow to. */
const SMALL_INDEXES = [
  ...["submissions_exclusive", "submissions_open", "submissions_unclaimed", "submissions_in_lane"],
  ...["submissions_ordered", "submissions_unordered", "audit_events_unchained", "key_operations_open"],
  ...["webhook_deliveries_due", "webhook_deliveries_pending"],
];

/** The steps of SQLite's plan, one a line. */
export async function sqlitePlan(
  db: Kysely<LedgerSchema>,
  { sql, parameters }: CompiledQuery,
): Promise<string[]> {
  const explained = CompiledQuery.raw(`explain query plan ${sql}`, [...parameters]);
  const { rows } = await db.executeQuery<{ detail: string }>(explained);
  return rows.map(({ detail }) => detail);
}

/** There are as many chains as tenants, and few webhooks and lanes; the rest are values of the call. */
const SMALL = new RegExp(
  `^SCAN (c|w|l|lanes|webhooks|audit_chains|groups|v|r|rows|CONSTANT ROW|\\d+-ROW VALUES|\\d+ CONSTANT ROWS)\\b|^SCAN \\(sub|USING (COVERING )?INDEX (${SMALL_INDEXES.join("|")})$`,
);

/** Those steps that read a table which grows, or an index of it, from its beginning to its end. */
export function sqliteScans(steps: readonly string[]): string[] {
  return steps.filter((step) => step.startsWith("SCAN ") && !SMALL.test(step));
}

/** A node of PostgreSQL's plan. What was measured stands there only where the statement was carried out. */
export interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly "Actual Rows"?: number;
  readonly "Actual Loops"?: number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly PlanNode[];
}

/** PostgreSQL's plan; `analyze` carries the statement out. */
export async function postgresPlan(
  db: Kysely<LedgerSchema>,
  { sql, parameters }: CompiledQuery,
  analyze = false,
): Promise<PlanNode> {
  const options = analyze ? "analyze, format json" : "format json";
  const explained = CompiledQuery.raw(`explain (${options}) ${sql}`, [...parameters]);
  const { rows } = await db.executeQuery<{ "QUERY PLAN": [{ Plan: PlanNode }] }>(explained);
  const plan = rows[0]?.["QUERY PLAN"][0].Plan;
  if (plan === undefined) throw new Error("no plan");
  return plan;
}

/** Whether PostgreSQL keeps a plan of the statement. */
export function isPrepared({ sql }: CompiledQuery): boolean {
  return isPreparedText(sql);
}

/**
 * The plan that PostgreSQL would keep of the statement now, whatever its parameters. `analyze` carries it out, which only goes
 * with texts, numbers and nulls.
 */
export function keptPostgresPlan(
  db: Kysely<LedgerSchema>,
  { sql, parameters }: CompiledQuery,
  analyze = false,
): Promise<PlanNode> {
  const values = parameters.map((value) => (analyze ? literal(value) : "null")).join(", ");
  return db.connection().execute(async (connection) => {
    const execute = (text: string) => connection.executeQuery(CompiledQuery.raw(text));
    await execute("set plan_cache_mode = force_generic_plan");
    await execute(`prepare kept as ${sql}`);
    try {
      const execution = values === "" ? "execute kept" : `execute kept (${values})`;
      return await postgresPlan(connection, CompiledQuery.raw(execution), analyze);
    } finally {
      await execute("deallocate kept");
      await execute("reset plan_cache_mode");
    }
  });
}

function literal(value: unknown): string {
  if (value === null || typeof value === "bigint" || typeof value === "number") return String(value);
  if (typeof value === "string") return `'${value.replaceAll("'", "''")}'`;
  throw new Error(`no literal of ${typeof value}`);
}

/** The node and all below it. */
export function nodesOf(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

/** From how many rows on a table is read through an index. */
const LARGE = 1_000;

/** The tables that are large, by PostgreSQL's own statistics. */
export async function largeTables(db: Kysely<LedgerSchema>): Promise<ReadonlySet<string>> {
  const query = `select relname from pg_class where relkind = 'r' and reltuples >= ${LARGE}`;
  const { rows } = await db.executeQuery<{ relname: string }>(CompiledQuery.raw(query));
  return new Set(rows.map(({ relname }) => relname));
}

/** The nodes that read one of these tables, or an index of it, from its beginning and for no limit. */
export function postgresScans(plan: PlanNode, large: ReadonlySet<string>, limited = false): PlanNode[] {
  const { "Node Type": type, "Relation Name": table = "", "Index Name": index } = plan;
  const byIndex = index !== undefined && (plan["Index Cond"] !== undefined || SMALL_INDEXES.includes(index));
  const whole = large.has(table) && type.includes("Scan") && !type.startsWith("Bitmap") && !byIndex;
  const unbounded = whole && (type === "Seq Scan" || !limited);
  const below = (plan.Plans ?? []).flatMap((one) => postgresScans(one, large, limited || type === "Limit"));
  return unbounded ? [plan, ...below] : below;
}
