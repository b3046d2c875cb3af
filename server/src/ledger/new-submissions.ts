import { int64, RowsStatement, toMillis } from "@countersign/sql";
import type { ExpressionBuilder, Kysely, Transaction } from "kysely";
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
    .values((eb) => Array.from({ length: rows }, () => ({ ...ANY_ROW, created_at: afterItsGroup(eb) })))
    .onConflict((oc) =>
      oc
        .columns(["network", "exclusive_account"])
        .where("exclusive_account", "is not", null)
        .where("terminal_at", "is", null)
        .doNothing(),
    )
    .returning(["id", "created_at"]),
);

/**
 * When it was accepted, or a millisecond after the newest that is open of its group where that was accepted later: by the
 * clock of another replica, or in the same millisecond.
 */
function afterItsGroup(eb: ExpressionBuilder<LedgerSchema, "submissions">) {
  return eb
    .selectFrom("submissions as earlier")
    .select((earlier) =>
      earlier.fn.coalesce(earlier(earlier.fn.max("created_at"), "+", 1n), eb.val(0n)).as("at"),
    )
    .where("network", "=", "")
    .where("ordering_group", "=", "")
    .where("terminal_at", "is", null)
    .where("created_at", ">=", 0n);
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
  const ordered = inOrderOf(inputs, (input) => [input.submission.network, exclusiveAccount(input) ?? ""]);
  const rows = ordered.map((input) => {
    const row = toRow(input);
    return COLUMNS.flatMap((column) => row[column]);
  });
  const inserted = await INSERT.run(trx, rows);
  return new Map(inserted.map(({ id, created_at }) => [id, new Date(Number(created_at))]));
}

function exclusiveAccount(input: AcceptInput): string | null {
  return input.exclusiveAccount === true ? input.submission.accountId : null;
}

function toRow(input: AcceptInput) {
  const { submission, tenant, caller, budget } = input;
  const at = toMillis(input.at, "at");
  const orderingGroup = input.orderingGroup ?? null;
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
    ordering_group: orderingGroup,
    exclusive_account: exclusiveAccount(input),
    // The parameters of `afterItsGroup`.
    created_at: [1n, at, submission.network, orderingGroup, at],
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
