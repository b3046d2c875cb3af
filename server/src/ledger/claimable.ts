import { ShapedStatement, whole } from "@countersign/sql";
import { type Kysely, type SelectQueryBuilder, sql } from "kysely";
import { GroupRounds } from "./group-rounds.ts";
import type { LedgerSchema, SubmissionTable } from "./schema.ts";

/** Of the unclaimed submissions, the oldest so many are looked at first. */
const OLDEST = 128;
/** Looks at the groups before a call gives up: the next one goes on from there. */
const LOOKS = 4;
const LAST_TIME = 2n ** 63n - 1n;

/** Which unclaimed submissions are asked for. */
export interface ClaimableQuery {
  readonly network: string;
  /** Only what lanes of this account may take; what lanes of any account may take without. */
  readonly accountId?: string | undefined;
  /** Only what lanes of one of these may take. */
  readonly accountIds?: readonly string[] | undefined;
  readonly heldTenants: readonly string[];
  readonly limit: number;
}

/** A submission that a lane may take now. */
export interface Claimable {
  readonly id: string;
  /** Whose lanes alone may take it; null for any. */
  readonly accountId: string | null;
}

/** What the looks of one process at the queue remember. */
export class QueueMemory {
  readonly rounds = new GroupRounds();
  /** Whether the last look before claims saw something of the relay's own: claims do not look for it in vain. */
  seesOwn = true;
}

type Submissions = SelectQueryBuilder<LedgerSchema & { s: SubmissionTable }, "s", Record<never, never>>;

/** Whose work is asked for, as the statements are given it. */
interface Asked {
  readonly network: string;
  readonly accountId: string | undefined;
  readonly accountIds: readonly string[] | undefined;
  readonly heldTenants: readonly string[];
}

/** What is locked is what is answered; what others have locked is passed over. */
interface Look extends Asked {
  readonly locks: boolean;
  readonly limit: bigint;
}

/**
 * The oldest unclaimed submissions that keep the order of their groups when they are signed now (see
 * docs/decisions/0033-order-by-inclusion.md). With `claim` they are claimed, and locked where rows can be; without, only
 * looked at. The relay's own, which belong to no tenant, come before all others: a key that is to go does not wait behind a
 * full queue.
 *
 * What one look costs is bounded whatever waits: where none of the oldest may be taken, because they wait for others of
 * their groups, it goes round the groups, each time through a few of them, and looks at the first of each.
 */
export async function claimable(
  db: Kysely<LedgerSchema>,
  memory: QueueMemory,
  query: ClaimableQuery,
  claim?: { readonly locksRows: boolean },
): Promise<Claimable[]> {
  const limit = whole(query.limit, "limit");
  const look = { ...asked(query), locks: claim?.locksRows === true, limit };
  const own = claim === undefined || memory.seesOwn ? await OWN.run(db, look) : [];
  if (claim === undefined) memory.seesOwn = own.length > 0;
  if (own.length === query.limit) return own;
  const ids = new Set(own.map(({ id }) => id));
  const found = await oldestClaimable(db, memory.rounds, look);
  const others = found.filter(({ id }) => !ids.has(id));
  return [...own, ...others].slice(0, query.limit);
}

async function oldestClaimable(
  db: Kysely<LedgerSchema>,
  rounds: GroupRounds,
  look: Look,
): Promise<Claimable[]> {
  const { network, limit } = look;
  const within = await OLDEST_CLAIMABLE.run(db, look);
  if (within.length > 0 || !(await hasMoreThan(db, look, OLDEST))) return within;
  const free = await oldestWithoutGroup(db, network, limit);
  for (let round = 0; round < LOOKS; round++) {
    const { firsts, pass } = await rounds.look(db, network);
    const ids = [...firsts, ...free];
    const found = ids.length === 0 ? [] : await OF_THESE.run(db, { ...look, ids });
    if (found.length < limit) pass();
    if (found.length > 0) return found;
  }
  return [];
}

/** Whether there are more unclaimed submissions than `count`, also such as cannot be taken yet. */
export async function hasMoreThan(
  db: Kysely<LedgerSchema>,
  query: Omit<ClaimableQuery, "limit">,
  count: number,
): Promise<boolean> {
  const found = await NEXT.run(db, { ...asked(query), count: whole(count, "count") });
  return found.length > 0;
}

function asked({ network, accountId, accountIds, heldTenants }: Omit<ClaimableQuery, "limit">): Asked {
  return { network, accountId, accountIds, heldTenants };
}

const OWN = new ShapedStatement((db: Kysely<LedgerSchema>, look: Look) => first(relaysOwn(db, look), look));

const OLDEST_CLAIMABLE = new ShapedStatement((db: Kysely<LedgerSchema>, look: Look) =>
  first(queue(db, look).where("s.created_at", "<=", horizon(db, look)), look),
);

const OF_THESE = new ShapedStatement(
  (db: Kysely<LedgerSchema>, { ids, ...look }: Look & { readonly ids: readonly string[] }) =>
    first(unclaimedOf(db, look, ids), look),
);

const NEXT = new ShapedStatement((db: Kysely<LedgerSchema>, asked: Asked & { readonly count: bigint }) =>
  queue(db, asked)
    .select("s.id")
    .orderBy("s.created_at")
    .orderBy("s.id")
    .offset(hidden(asked.count))
    .limit(sql.lit(1)),
);

/** The first of them that may be taken. */
function first(submissions: Submissions, look: Look) {
  const locking = look.locks ? submissions.forUpdate("s").skipLocked() : submissions;
  return locking
    .where(sql<boolean>`${firstBefore(look)} is null`)
    .select(["s.id", accountThatGoesOn(look.network).as("accountId")])
    .orderBy("s.created_at")
    .orderBy("s.id")
    .limit(hidden(look.limit));
}

/** Kept from the planner: PostgreSQL would not keep a plan for any number when it sees that one for this number costs less. */
function hidden(count: bigint) {
  return sql<bigint>`(select cast(${count} as bigint))`;
}

/** All that is unclaimed. */
function queue(db: Kysely<LedgerSchema>, query: Asked): Submissions {
  return eligible(db, query)
    .where("s.network", "=", query.network)
    .where("s.lane_id", "is", null)
    .where("s.terminal_at", "is", null);
}

/**
 * All that is unclaimed and no tenant's. The sum keeps the queue's index away: these few are found by their tenant, of which
 * the planner knows, as it stands in the text, how few they are.
 */
function relaysOwn(db: Kysely<LedgerSchema>, query: Asked): Submissions {
  return eligible(db, query)
    .where("s.tenant", "=", sql.lit(""))
    .where(sql<boolean>`s.network || '' = ${query.network}`)
    .where("s.lane_id", "is", null)
    .where("s.terminal_at", "is", null);
}

/** What of these is unclaimed. Said so that no planner reads the whole queue's index for it. */
function unclaimedOf(db: Kysely<LedgerSchema>, query: Asked, ids: readonly string[]): Submissions {
  return eligible(db, query)
    .where("s.id", "in", ids)
    .where((eb) => eb(eb.fn.coalesce("s.lane_id", "s.terminal_at"), "is", null));
}

function eligible(
  db: Kysely<LedgerSchema>,
  { accountId, accountIds = accountId === undefined ? undefined : [accountId], heldTenants }: Asked,
): Submissions {
  const all: Submissions = db.selectFrom("submissions as s");
  const own =
    accountIds === undefined
      ? all
      : all.where((eb) =>
          eb.or([eb("s.required_relayer", "is", null), eb("s.required_relayer", "in", accountIds)]),
        );
  return heldTenants.length === 0 ? own : own.where("s.tenant", "not in", heldTenants);
}

/** When the last of the oldest was accepted. */
function horizon(db: Kysely<LedgerSchema>, query: Asked) {
  const last = queue(db, query)
    .select("s.created_at")
    .orderBy("s.created_at")
    .orderBy("s.id")
    .offset(sql.lit(OLDEST - 1))
    .limit(sql.lit(1));
  return sql<bigint>`coalesce((${last}), ${LAST_TIME})`;
}

/**
 * The first of the same group, and accepted before, that stands in the way: it is in no block, or in one for a relayer
 * whose transactions may be executed elsewhere, or was handed on. A scalar, which no planner turns into a join with all
 * that is open.
 */
function firstBefore({ network, accountId }: Asked) {
  const elsewhere =
    accountId === undefined
      ? sql``
      : sql`or e.lane_id not in (select id from lanes where network = ${network} and account_id = ${accountId})`;
  return sql`(select e.id from submissions as e ${earlierInGroup(network)}
    and (e.state <> 'INCLUDED' or e.lane_id is null ${elsewhere}) order by e.created_at, e.id limit 1)`;
}

/** Whose lanes alone may sign it: the account that must, or the one after whose transaction it comes. */
function accountThatGoesOn(network: string) {
  return sql<string | null>`coalesce(s.required_relayer, (select l.account_id from submissions as e
    inner join lanes as l on l.id = e.lane_id ${earlierInGroup(network)}
    and e.state = 'INCLUDED' order by e.created_at, e.id limit 1))`;
}

function earlierInGroup(network: string) {
  return sql`where e.network = ${network} and e.ordering_group = s.ordering_group and e.terminal_at is null
    and (e.created_at, e.id) < (s.created_at, s.id)`;
}

async function oldestWithoutGroup(
  db: Kysely<LedgerSchema>,
  network: string,
  limit: bigint,
): Promise<string[]> {
  const rows = await db
    .selectFrom("submissions")
    .select("id")
    .where("network", "=", network)
    .where("ordering_group", "is", null)
    .where("lane_id", "is", null)
    .where("terminal_at", "is", null)
    .orderBy("created_at")
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}
