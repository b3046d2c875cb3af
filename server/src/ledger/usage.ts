import { toMillis } from "@countersign/sql";
import { type Kysely, type SqlBool, sql } from "kysely";
import type { UsageGroup, UsageQuery } from "./budget-types.ts";
import type { Engine } from "./engine.ts";
import type { LedgerSchema } from "./schema.ts";
import type { SubmissionKind } from "./types.ts";

const PAGE = 2_000;

/** Reads one tenant after another, because the index that is in the order of time begins with the tenant. */
export async function usage(engine: Engine, query: UsageQuery): Promise<UsageGroup[]> {
  const groups = new Map<string, Sum>();
  let tenant = query.tenant ?? (await engine.read((db) => nextTenant(db, "")));
  while (tenant !== undefined) {
    const name = tenant;
    await addTenant(engine, name, query, groups);
    tenant = query.tenant === undefined ? await engine.read((db) => nextTenant(db, name)) : undefined;
  }
  return [...groups.values()];
}

type Sum = { -readonly [K in keyof UsageGroup]: UsageGroup[K] };

async function nextTenant(db: Kysely<LedgerSchema>, after: string): Promise<string | undefined> {
  const row = await db
    .selectFrom("submissions")
    .select("tenant")
    .where("tenant", ">", after)
    .orderBy("tenant")
    .limit(1n)
    .executeTakeFirst();
  return row?.tenant;
}

async function addTenant(
  engine: Engine,
  tenant: string,
  { by, since }: UsageQuery,
  groups: Map<string, Sum>,
): Promise<void> {
  // No id is empty.
  let last = { created_at: toMillis(since, "since"), id: "" };
  for (;;) {
    const page = await engine.read((db) => pageAfter(db, tenant, last));
    for (const row of page) {
      const group = { tenant: "", method: METHODS[row.kind], user: row.budget_user ?? "" }[by];
      const name = JSON.stringify([tenant, group]);
      const sum = groups.get(name) ?? emptySum(tenant, group);
      groups.set(name, sum);
      add(sum, row);
    }
    const end = page.at(-1);
    if (end === undefined || page.length < PAGE) return;
    last = end;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function pageAfter(db: Kysely<LedgerSchema>, tenant: string, last: { created_at: bigint; id: string }) {
  return db
    .selectFrom("submissions")
    .select(["id", "created_at", "kind", "state", "budget_user", "gas_burnt", "tokens_burnt", "deposit"])
    .where("tenant", "=", tenant)
    .where(sql<SqlBool>`(created_at, id) > (${last.created_at}, ${last.id})`)
    .orderBy("created_at")
    .orderBy("id")
    .limit(BigInt(PAGE))
    .execute();
}

type UsageRow = Awaited<ReturnType<typeof pageAfter>>[number];

/** The RPC that makes each kind. */
const METHODS = {
  DELEGATE: "SubmitDelegate",
  CREATE_ACCOUNT: "CreateAccount",
  KEY_CHANGE: "StartKeyOperation",
} as const satisfies Record<SubmissionKind, string>;

function emptySum(tenant: string, group: string): Sum {
  const counts = { submissions: 0n, succeeded: 0n, failed: 0n };
  return { tenant, group, ...counts, accounts: 0n, gas: 0n, deposit: 0n, tokensBurnt: 0n };
}

function add(sum: Sum, { kind, state, gas_burnt, tokens_burnt, deposit }: UsageRow): void {
  sum.submissions += 1n;
  if (state === "SUCCEEDED") {
    sum.succeeded += 1n;
    if (kind === "CREATE_ACCOUNT") sum.accounts += 1n;
  } else if (state === "FAILED") {
    sum.failed += 1n;
  }
  sum.gas += gas_burnt ?? 0n;
  sum.tokensBurnt += BigInt(tokens_burnt ?? 0);
  sum.deposit += BigInt(deposit ?? 0);
}
