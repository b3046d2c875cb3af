import { int64, toMillis, valueList } from "@countersign/sql";
import type { Selectable, Transaction } from "kysely";
import { isTerminal, sourcesOf } from "../tx/states.ts";
import type { NoteChange } from "./changes.ts";
import { IllegalTransitionError } from "./errors.ts";
import type { LedgerSchema, SubmissionTable } from "./schema.ts";
import { logTransitions } from "./transition-log.ts";
import type { Cost, Failure, SubmissionState } from "./types.ts";

/** What a submission is given with its new state. */
export interface Entry {
  readonly submissionId: string;
  readonly at: Date;
  /** The transaction that carries it from now on; the nonce must be the one allocated to the submission. */
  readonly signed?: { readonly nonce: bigint; readonly transactionHash: string } | undefined;
  readonly blockHash?: string | undefined;
  readonly cost?: Cost | undefined;
  readonly failure?: Failure | undefined;
}

const COLUMNS = {
  submission_id: "text",
  at: "bigint",
  nonce: "bigint",
  transaction_hash: "text",
  block_hash: "text",
  gas_burnt: "bigint",
  tokens_burnt: "text",
  deposit: "text",
  failure_reason: "text",
  failure_message: "text",
  failure_chain_error: "text",
} as const;

/** An entry that was written, and what its submission was accepted with. */
export interface Entered<E extends Entry> {
  readonly entry: E;
  readonly row: Pick<Selectable<SubmissionTable>, (typeof RETURNED)[number]>;
}

const RETURNED = [
  "id",
  "version",
  "tenant",
  "kind",
  "created_at",
  "budget_user",
  "reserved_accounts",
  "reserved_gas",
  "reserved_deposit",
] as const;

/**
 * Brings submissions of the lane into a state, and logs it. `left` are the entries for which nothing was written,
 * because their submission is not in the lane, not in a state from which this one can be entered, or has
 * another nonce.
 */
export async function enterState<E extends Entry>(
  trx: Transaction<LedgerSchema>,
  laneId: bigint,
  to: SubmissionState,
  entries: readonly E[],
  note: NoteChange,
): Promise<{ readonly entered: Entered<E>[]; readonly left: E[] }> {
  if (entries.length === 0) return { entered: [], left: [] };
  const byId = new Map(entries.map((entry) => [entry.submissionId, entry]));
  if (byId.size < entries.length)
    throw new IllegalTransitionError(`a submission is to enter ${to} twice at once`);

  const rows = await trx
    .updateTable("submissions as s")
    .from(valueList("v", COLUMNS, entries.map(columnsOf)))
    .set((eb) => ({
      state: to,
      version: eb("s.version", "+", 1n),
      transaction_hash: eb.fn.coalesce("v.transaction_hash", "s.transaction_hash"),
      block_hash: eb.ref("v.block_hash"),
      gas_burnt: eb.ref("v.gas_burnt"),
      tokens_burnt: eb.ref("v.tokens_burnt"),
      deposit: eb.ref("v.deposit"),
      failure_reason: eb.ref("v.failure_reason"),
      failure_message: eb.ref("v.failure_message"),
      failure_chain_error: eb.ref("v.failure_chain_error"),
      // Whatever comes after ACCEPTED is signed, or never will be.
      caller_credential: null,
      terminal_at: isTerminal(to) ? eb.ref("v.at") : null,
    }))
    .whereRef("s.id", "=", "v.submission_id")
    .where("s.lane_id", "=", laneId)
    .where("s.state", "in", sourcesOf(to))
    .where((eb) => eb.or([eb("v.nonce", "is", null), eb("v.nonce", "=", eb.ref("s.nonce"))]))
    .returning(RETURNED)
    .execute();

  const entered = rows.flatMap((row) => {
    const entry = byId.get(row.id);
    byId.delete(row.id);
    return entry === undefined ? [] : [{ entry, row }];
  });
  await logTransitions(
    trx,
    entered.map(({ entry, row }) => ({ submissionId: row.id, seq: row.version, state: to, at: entry.at })),
  );
  for (const { row } of entered) note(row.id, to);
  return { entered, left: [...byId.values()] };
}

function columnsOf({ submissionId, at, signed, blockHash, cost, failure }: Entry) {
  return {
    submission_id: submissionId,
    at: toMillis(at, "at"),
    nonce: signed === undefined ? null : int64(signed.nonce, "nonce"),
    transaction_hash: signed?.transactionHash ?? null,
    block_hash: blockHash ?? null,
    gas_burnt: cost === undefined ? null : int64(cost.gasBurnt, "gasBurnt"),
    tokens_burnt: cost?.tokensBurnt.toString() ?? null,
    deposit: cost?.deposit.toString() ?? null,
    failure_reason: failure?.reason ?? null,
    failure_message: failure?.message ?? null,
    failure_chain_error: failure?.chainError ?? null,
  };
}
