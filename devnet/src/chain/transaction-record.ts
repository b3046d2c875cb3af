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

/** How far a transaction has come, as seen from a head. */
export interface Progress {
  /** All receipts were executed, but for a refund that is the last one that its parent made. */
  readonly executed: boolean;
  /** The transaction's block is final. */
  readonly includedFinal: boolean;
  /** All receipts were executed, refunds too, and their blocks are final. */
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

/**
 * Progress of an included transaction, or undefined when the block at `head` comes before it
 * (nearcore chain/client/src/view_client_actor.rs, get_tx_execution_status).
 */
export function progressOf(record: TransactionRecord, head: bigint, finalAt: bigint): Progress | undefined {
  const included = record.outcome.blockHeight;
  if (included > head) return undefined;
  let executed = true;
  let refunded = true;
  let lastHeight = included;
  const visit = (ids: readonly string[]): void => {
    for (const [index, id] of ids.entries()) {
      const outcome = record.receiptOutcomes.get(id);
      if (outcome === undefined || outcome.blockHeight > head) {
        refunded = false;
        const isLast = index === ids.length - 1;
        if (!isLast || record.receipts.get(id)?.predecessorId !== SYSTEM_ACCOUNT) executed = false;
        continue;
      }
      if (outcome.blockHeight > lastHeight) lastHeight = outcome.blockHeight;
      visit(outcome.receiptIds);
    }
  };
  visit(record.outcome.receiptIds);
  const includedFinal = included <= finalAt;
  return { executed, includedFinal, executedFinal: executed && refunded && lastHeight <= finalAt };
}
