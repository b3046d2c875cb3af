import { int64, RowsStatement } from "@countersign/sql";
import type { Kysely, Transaction } from "kysely";
import type { TimedInput } from "./creation-times.ts";
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

const INSERT = new RowsStatement((db: Kysely<LedgerSchema>, rows) =>
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
);

/**
 * Inserts them as ACCEPTED; answers the ids of those that were. Of the others, another exclusive submission for the account
 * is open: ids are unique, so nothing else conflicts.
 */
export async function insertSubmissions(
  trx: Transaction<LedgerSchema>,
  timed: readonly TimedInput[],
): Promise<ReadonlySet<string>> {
  const ordered = inOrderOf(timed, ({ input }) => [input.submission.network, exclusiveAccount(input) ?? ""]);
  const rows = ordered.map((one) => {
    const row = toRow(one);
    return COLUMNS.map((column) => row[column]);
  });
  return new Set((await INSERT.runInParts(trx, rows)).map(({ id }) => id));
}

function exclusiveAccount(input: AcceptInput): string | null {
  return input.exclusiveAccount === true ? input.submission.accountId : null;
}

function toRow({ input, createdAt }: TimedInput) {
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
