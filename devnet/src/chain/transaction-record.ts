import type { SignedTransaction } from "../codec/action.ts";
import { SYSTEM_ACCOUNT } from "./account-id.ts";
import type { ActionReceipt, Outcome } from "./receipt.ts";

/** A transaction that a block included, and what came of it so far. */
export interface TransactionRecord {
  readonly transaction: SignedTransaction;
  readonly outcome: Outcome;
  /** Every receipt that descends from it, by id. */
  readonly receipts: Map<string, ActionReceipt>;
  /** Outcomes of those that were executed. */
  readonly receiptOutcomes: Map<string, Outcome>;
}

/** How far a transaction has come, as seen from a head (nearcore's TxExecutionStatus and its documentation). */
export interface Progress {
  /** All receipts but refunds were executed. */
  readonly executed: boolean;
  /** The transaction's block is final. */
  readonly includedFinal: boolean;
  /** The block of the last receipt that is no refund is final, too. */
  readonly executedFinal: boolean;
}

/** Doomslug's finality: the block two below the head is final (nearcore's last_final_block). */
export function finalHeight(head: bigint, genesisHeight: bigint): bigint {
  return head - 2n > genesisHeight ? head - 2n : genesisHeight;
}

/** The outcomes of a record's receipts up to `head`, depth first as nearcore lists them. */
export function receiptOutcomes(record: TransactionRecord, head: bigint): Outcome[] {
  const outcomes: Outcome[] = [];
  const visit = (ids: readonly string[]): void => {
    for (const id of ids) {
      const outcome = record.receiptOutcomes.get(id);
      if (outcome === undefined || outcome.blockHeight > head) continue;
      outcomes.push(outcome);
      visit(outcome.receiptIds);
    }
  };
  visit(record.outcome.receiptIds);
  return outcomes;
}

/** Progress of an included transaction, or undefined when the block at `head` comes before it. */
export function progressOf(record: TransactionRecord, head: bigint, finalAt: bigint): Progress | undefined {
  if (record.outcome.blockHeight > head) return undefined;
  let executed = true;
  let lastHeight = record.outcome.blockHeight;
  const visit = (ids: readonly string[]): void => {
    for (const id of ids) {
      if (record.receipts.get(id)?.predecessorId === SYSTEM_ACCOUNT) continue;
      const outcome = record.receiptOutcomes.get(id);
      if (outcome === undefined || outcome.blockHeight > head) {
        executed = false;
        continue;
      }
      if (outcome.blockHeight > lastHeight) lastHeight = outcome.blockHeight;
      visit(outcome.receiptIds);
    }
  };
  visit(record.outcome.receiptIds);
  const includedFinal = record.outcome.blockHeight <= finalAt;
  return { executed, includedFinal, executedFinal: executed && lastHeight <= finalAt };
}
