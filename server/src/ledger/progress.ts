import { together } from "@countersign/sql";
import type { Transaction } from "kysely";
import { insertAudit } from "./audit-events.ts";
import { settle } from "./budget-settlement.ts";
import type { NoteChange } from "./changes.ts";
import { endEvent, endedSubmission } from "./ended-submission.ts";
import type { Engine } from "./engine.ts";
import { type EnteredState, type Entry, enterState, logEntered } from "./enter-state.ts";
import { IllegalTransitionError } from "./errors.ts";
import type { OfLane } from "./fenced-writes.ts";
import { releaseReplayMarks } from "./replay-marks.ts";
import type { LedgerSchema } from "./schema.ts";
import type { ProgressItem, SubmissionState, TerminalItem, TerminalState } from "./types.ts";
import { noteEnds } from "./webhook-outbox.ts";

export async function recordProgress(
  trx: Transaction<LedgerSchema>,
  items: readonly OfLane<ProgressItem>[],
  note: NoteChange,
): Promise<void> {
  const all: EnteredState[] = [];
  for (const to of ["BROADCAST", "INCLUDED"] as const) {
    const entries = items.filter((item) => item.to === to);
    const { entered, left } = await enterState(trx, to, entries, note);
    await requireRepeated(trx, to, left);
    for (const one of entered) all.push({ one, to });
  }
  await logEntered(trx, all);
}

const TERMINAL: readonly TerminalState[] = ["SUCCEEDED", "FAILED", "REJECTED", "EXPIRED"];

/** Settles and records in the audit log what ends now, and nothing of what had ended before. */
export async function recordTerminal(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  items: readonly OfLane<TerminalItem>[],
  note: NoteChange,
  hasWebhooks: (tenant: string) => boolean,
): Promise<void> {
  for (const { submissionId, to, failure } of items) {
    if ((to === "SUCCEEDED") !== (failure === undefined)) {
      throw new TypeError(`${submissionId}: a failure stands with ${to}, or is missing`);
    }
  }
  const all: EnteredState<TerminalState>[] = [];
  for (const to of TERMINAL) {
    const entries = items.filter((item) => item.to === to);
    const { entered, left } = await enterState(trx, to, entries, note);
    await requireRepeated(trx, to, left);
    for (const one of entered) all.push({ one, to });
  }
  const ended = all.map(({ one, to }) => endedSubmission(one, to));
  const released = items.filter(({ to }) => to === "REJECTED" || to === "EXPIRED");
  await together([
    logEntered(trx, all),
    releaseReplayMarks(
      trx,
      released.map(({ submissionId }) => submissionId),
    ),
    insertAudit(trx, ended.map(endEvent)),
    noteEnds(trx, ended, hasWebhooks),
    // Last, because the tenant's budgets are hot.
    settle(engine, trx, ended),
  ]);
}

/** An entry that could not be written must say what stands there already: its first answer may be lost. */
async function requireRepeated(
  trx: Transaction<LedgerSchema>,
  to: SubmissionState,
  left: readonly Entry[],
): Promise<void> {
  for (const { submissionId, laneId, cost, failure } of left) {
    const row = await trx
      .selectFrom("submissions")
      .select(["state", "gas_burnt", "tokens_burnt", "deposit", "failure_reason"])
      .where("id", "=", submissionId)
      .where("lane_id", "=", laneId)
      .executeTakeFirst();
    const same =
      row?.state === to &&
      row.gas_burnt === (cost?.gasBurnt ?? null) &&
      row.tokens_burnt === (cost?.tokensBurnt.toString() ?? null) &&
      row.deposit === (cost?.deposit.toString() ?? null) &&
      row.failure_reason === (failure?.reason ?? null);
    if (!same) {
      throw new IllegalTransitionError(
        `${submissionId} cannot enter ${to}: ${row?.state ?? "not in this lane"}`,
      );
    }
  }
}
