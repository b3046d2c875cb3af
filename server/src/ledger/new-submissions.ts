import { anyRows, fromMillis, int64, RowsStatement, toMillis, valueList } from "@countersign/sql";
import type { Kysely, Transaction } from "kysely";
import { inOrderOf } from "./lock-order.ts";
import type { LedgerSchema } from "./schema.ts";
import type { AcceptInput, Submission } from "./types.ts";

/** How a submission stands when it is accepted. It only gives the statement its shape, and its columns. */
const ANY_ROW = {
  id: "",
  tenant: "",
  caller: "",
  kind: "DELEGATE",
  state: "ACCEPTED",
  version: 1n,
  network: "",
  account_id: "",
  receiver_id: "",
  delegate_hash: "",
  payload: new Uint8Array(),
  required_relayer: "",
  expires_at_height: 0n,
  ordering_group: "",
  exclusive_account: "",
  created_at: 0n,
  caller_credential: "",
  budget_user: "",
  reserved_accounts: "",
  reserved_gas: "",
  reserved_deposit: "",
} as const;
const COLUMNS = Object.keys(ANY_ROW) as (keyof typeof ANY_ROW)[];

const INSERT = new RowsStatement(
  (db: Kysely<LedgerSchema>, rows) =>
    db
      .insertInto("submissions")
      .columns(COLUMNS)
      .values(Array.from({ length: rows }, () => ANY_ROW))
      .onConflict((oc) =>
        oc
          .columns(["network", "exclusive_account"])
          .where("exclusive_account", "is not", null)
          .where("terminal_at", "is", null)
          .doNothing(),
      )
      .returning(["id"]),
  true,
);

const GROUP_COLUMNS = { network: "text", ordering_group: "text", at: "bigint" } as const;

/** Of each group the newest that is open, where that was accepted at the time or later. */
const NEWEST = new RowsStatement((db: Kysely<LedgerSchema>, rows) =>
  db.selectFrom(valueList("v", GROUP_COLUMNS, anyRows(GROUP_COLUMNS, rows))).select((eb) => [
    "v.network",
    "v.ordering_group",
    eb
      .selectFrom("submissions as earlier")
      .select(({ fn }) => fn.max("created_at").as("at"))
      .whereRef("earlier.network", "=", "v.network")
      .whereRef("earlier.ordering_group", "=", "v.ordering_group")
      .where("earlier.terminal_at", "is", null)
      .whereRef("earlier.created_at", ">=", "v.at")
      .as("newest"),
  ]),
);

/**
 * When each was accepted, or a millisecond after the newest that is open of its group where that was accepted later: by the
 * clock of another replica, or in the same millisecond.
 */
async function creationTimes(
  trx: Transaction<LedgerSchema>,
  inputs: readonly AcceptInput[],
): Promise<ReadonlyMap<AcceptInput, bigint>> {
  const earliest = new Map<string, readonly [network: string, group: string, at: bigint]>();
  for (const input of inputs) {
    const name = groupOf(input);
    if (name === undefined || earliest.has(name)) continue;
    earliest.set(name, [input.submission.network, input.orderingGroup ?? "", toMillis(input.at, "at")]);
  }
  const newest = new Map<string | undefined, bigint>();
  for (const row of await NEWEST.runFilled(trx, [...earliest.values()])) {
    if (row.newest !== null) newest.set(JSON.stringify([row.network, row.ordering_group]), row.newest);
  }
  const times = new Map<AcceptInput, bigint>();
  for (const input of inputs) {
    const name = groupOf(input);
    const at = toMillis(input.at, "at");
    const before = newest.get(name);
    const time = before === undefined || before < at ? at : before + 1n;
    times.set(input, time);
    if (name !== undefined) newest.set(name, time);
  }
  return times;
}

function groupOf({ submission, orderingGroup }: AcceptInput): string | undefined {
  return orderingGroup == null ? undefined : JSON.stringify([submission.network, orderingGroup]);
}

/**
 * Inserts them as ACCEPTED; answers the ids of those that were, with the time at which they count as created: within a group
 * it rises in the order of acceptance. Of the others, another exclusive submission for the account
 * is open: ids are unique, so nothing else conflicts.
 */
export async function insertSubmissions(
  trx: Transaction<LedgerSchema>,
  inputs: readonly AcceptInput[],
): Promise<ReadonlyMap<string, Date>> {
  const times = await creationTimes(trx, inputs);
  const ordered = inOrderOf(inputs, (input) => [input.submission.network, exclusiveAccount(input) ?? ""]);
  const rows = ordered.map((input) => {
    const row = toRow(input, times.get(input) ?? 0n);
    return COLUMNS.map((column) => row[column]);
  });
  const inserted = new Set((await INSERT.runInParts(trx, rows)).map(({ id }) => id));
  return new Map(
    inputs.flatMap((input) => {
      const { id } = input.submission;
      return inserted.has(id) ? [[id, fromMillis(times.get(input) ?? 0n)] as const] : [];
    }),
  );
}

function exclusiveAccount(input: AcceptInput): string | null {
  return input.exclusiveAccount === true ? input.submission.accountId : null;
}

function toRow(input: AcceptInput, createdAt: bigint) {
  const { submission, tenant, caller, budget } = input;
  return {
    id: submission.id,
    tenant,
    caller,
    kind: submission.kind,
    state: ANY_ROW.state,
    version: ANY_ROW.version,
    network: submission.network,
    account_id: submission.accountId,
    receiver_id: submission.receiverId,
    delegate_hash: submission.delegateHash,
    payload: submission.payload,
    required_relayer: submission.requiredRelayer,
    expires_at_height:
      submission.expiresAtHeight === null ? null : int64(submission.expiresAtHeight, "expiresAtHeight"),
    ordering_group: input.orderingGroup ?? null,
    exclusive_account: exclusiveAccount(input),
    created_at: createdAt,
    caller_credential: input.callerCredential?.reveal() ?? null,
    budget_user: budget.user,
    reserved_accounts: budget.amounts.accounts.toString(),
    reserved_gas: budget.amounts.gas.toString(),
    reserved_deposit: budget.amounts.deposit.toString(),
  };
}

/** What a read of it would give now. */
export function asAccepted({ tenant, caller, submission }: AcceptInput, createdAt: Date): Submission {
  const { payload: _, ...shown } = submission;
  return {
    ...shown,
    tenant,
    caller,
    state: "ACCEPTED",
    createdAt,
    transaction: null,
    cost: null,
    failure: null,
    transitions: [{ seq: 1n, state: "ACCEPTED", at: createdAt }],
  };
}
