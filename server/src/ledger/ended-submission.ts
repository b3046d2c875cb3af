import { fromMillis } from "@countersign/sql";
import type { AuditEvent } from "./audit-types.ts";
import { type AmountColumns, fromColumns } from "./budget-amounts.ts";
import type { BudgetReservation } from "./budget-types.ts";
import type { Entered, Entry } from "./enter-state.ts";
import type { Cost, Failure, SubmissionKind, TerminalState } from "./types.ts";

/** A submission that has just entered a terminal state. */
export interface EndedSubmission {
  readonly id: string;
  readonly tenant: string;
  readonly kind: SubmissionKind;
  readonly state: TerminalState;
  readonly acceptedAt: Date;
  readonly endedAt: Date;
  /** Null for what was accepted before there were budgets. */
  readonly reserved: Pick<BudgetReservation, "user" | "amounts"> | null;
  readonly cost: Cost | undefined;
  readonly failure: Failure | undefined;
}

export function endedSubmission({ entry, row }: Entered<Entry>, state: TerminalState): EndedSubmission {
  const { id, tenant, kind, created_at, budget_user } = row;
  const columns = reservedColumns(row);
  return {
    id,
    tenant,
    kind,
    state,
    acceptedAt: fromMillis(created_at),
    endedAt: entry.at,
    reserved:
      budget_user === null || columns === null ? null : { user: budget_user, amounts: fromColumns(columns) },
    cost: entry.cost,
    failure: entry.failure,
  };
}

function reservedColumns({
  reserved_accounts: accounts,
  reserved_gas: gas,
  reserved_deposit: deposit,
}: Entered<Entry>["row"]): AmountColumns | null {
  return accounts === null || gas === null || deposit === null ? null : { accounts, gas, deposit };
}

/** What the audit log says of it. */
export function endEvent({
  id,
  tenant,
  state,
  endedAt,
  reserved,
  cost,
  failure,
}: EndedSubmission): AuditEvent {
  return {
    tenant,
    kind: "submission.ended",
    actor: "relay",
    at: endedAt,
    detail: {
      submission: id,
      state,
      gas: (cost?.gasBurnt ?? 0n).toString(),
      tokens_burnt: (cost?.tokensBurnt ?? 0n).toString(),
      deposit: (cost?.deposit ?? 0n).toString(),
      ...(failure === undefined ? {} : { reason: failure.reason }),
      ...(reserved === null ? {} : { user: reserved.user }),
    },
  };
}
