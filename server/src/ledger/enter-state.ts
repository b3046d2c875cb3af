import { int64, ListStatement, type Parameter, toMillis } from "@countersign/sql";
import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import { isTerminal, sourcesOf } from "../tx/states.ts";
import type { NoteChange } from "./changes.ts";
import { IllegalTransitionError } from "./errors.ts";
import type { LedgerSchema, SubmissionTable } from "./schema.ts";
import { type LoggedTransition, logTransitions } from "./transition-log.ts";
import type { Cost, Failure, SubmissionState } from "./types.ts";

/** What a submission is given with its new state. */
export interface Entry {
  readonly submissionId: string;
  /** In whose hands it must be. */
  readonly laneId: bigint;
  readonly at: Date;
  /** The transaction that carries it from now on; the nonce must be the one allocated to the submission. */
  readonly signed?: { readonly nonce: bigint; readonly transactionHash: string } | undefined;
  readonly blockHash?: string | undefined;
  readonly cost?: Cost | undefined;
  readonly failure?: Failure | undefined;
  /** When it was sent, for one that goes from SIGNED through BROADCAST at once. */
  readonly sentAt?: Date | undefined;
}

const COLUMNS = {
  submission_id: "text",
  lane_id: "bigint",
  at: "bigint",
  sent_at: "bigint",
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

function statementInto(to: SubmissionState) {
  return new ListStatement(COLUMNS, (db: Kysely<LedgerSchema>, entries) =>
    db
      .updateTable("submissions as s")
      .from(entries)
      .set((eb) => ({
        state: sql.lit(to),
        version: sql<bigint>`s.version + case when v.sent_at is null then 1 else 2 end`,
        transaction_hash: eb.fn.coalesce("v.transaction_hash", "s.transaction_hash"),
        block_hash: eb.ref("v.block_hash"),
        gas_burnt: eb.ref("v.gas_burnt"),
        tokens_burnt: eb.ref("v.tokens_burnt"),
        deposit: eb.ref("v.deposit"),
        failure_reason: eb.ref("v.failure_reason"),
        failure_message: eb.ref("v.failure_message"),
        failure_chain_error: eb.ref("v.failure_chain_error"),
        // Whatever comes after ACCEPTED is signed, or never will be.
        caller_credential: sql.lit(null),
        terminal_at: isTerminal(to) ? eb.ref("v.at") : sql.lit(null),
      }))
      .whereRef("s.id", "=", "v.submission_id")
      .whereRef("s.lane_id", "=", "v.lane_id")
      .where(
        "s.state",
        "in",
        sourcesOf(to).map((from) => sql.lit(from)),
      )
      .where((eb) => eb.or([eb("v.sent_at", "is", null), eb("s.state", "=", sql.lit("SIGNED" as const))]))
      .where((eb) => eb.or([eb("v.nonce", "is", null), eb("v.nonce", "=", eb.ref("s.nonce"))]))
      .returning(RETURNED),
  );
}

const STATEMENTS = new Map<SubmissionState, ReturnType<typeof statementInto>>();

function into(to: SubmissionState) {
  const statement = STATEMENTS.get(to) ?? statementInto(to);
  STATEMENTS.set(to, statement);
  return statement;
}

/**
 * Brings submissions into a state, which `logEntered` is to log. `left` are the entries for which nothing was written,
 * because their submission is not in its lane, not in a state from which this one can be entered, or has
 * another nonce.
 */
export async function enterState<E extends Entry>(
  trx: Transaction<LedgerSchema>,
  to: SubmissionState,
  entries: readonly E[],
  note: NoteChange,
): Promise<{ readonly entered: Entered<E>[]; readonly left: E[] }> {
  if (entries.length === 0) return { entered: [], left: [] };
  const byId = new Map(entries.map((entry) => [entry.submissionId, entry]));
  if (byId.size < entries.length)
    throw new IllegalTransitionError(`a submission is to enter ${to} twice at once`);

  const rows = await into(to).run(trx, entries.map(columnsOf));

  const entered = rows.flatMap((row) => {
    const entry = byId.get(row.id);
    byId.delete(row.id);
    return entry === undefined ? [] : [{ entry, row }];
  });
  for (const { row } of entered) note(row.id, to);
  return { entered, left: [...byId.values()] };
}

/** An entry that was written, and the state that its submission is in now. */
export interface EnteredState<State extends SubmissionState = SubmissionState> {
  readonly one: Entered<Entry>;
  readonly to: State;
}

/** Logs the states that submissions have entered. */
export async function logEntered(
  trx: Transaction<LedgerSchema>,
  entered: readonly EnteredState[],
): Promise<void> {
  await logTransitions(
    trx,
    entered.flatMap(({ one, to }) => logged(one, to)),
  );
}

function logged({ entry, row }: Entered<Entry>, to: SubmissionState): LoggedTransition[] {
  const last = { submissionId: row.id, seq: row.version, state: to, at: entry.at };
  if (entry.sentAt === undefined) return [last];
  return [{ ...last, seq: row.version - 1n, state: "BROADCAST", at: entry.sentAt }, last];
}

/** In the order of COLUMNS. */
function columnsOf({
  submissionId,
  laneId,
  at,
  sentAt,
  signed,
  blockHash,
  cost,
  failure,
}: Entry): Parameter[] {
  return [
    submissionId,
    laneId,
    toMillis(at, "at"),
    sentAt === undefined ? null : toMillis(sentAt, "sentAt"),
    signed === undefined ? null : int64(signed.nonce, "nonce"),
    signed?.transactionHash ?? null,
    blockHash ?? null,
    cost === undefined ? null : int64(cost.gasBurnt, "gasBurnt"),
    cost?.tokensBurnt.toString() ?? null,
    cost?.deposit.toString() ?? null,
    failure?.reason ?? null,
    failure?.message ?? null,
    failure?.chainError ?? null,
  ];
}
