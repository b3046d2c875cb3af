import type { PromiseResult } from "../contracts/contract.ts";
import type { ActionReceipt, Receipt } from "./receipt.ts";

/** Executes a receipt with the results that it waited for; gives the receipts that it made. */
export type Execute = (receipt: ActionReceipt, results: readonly PromiseResult[]) => readonly Receipt[];

/**
 * Receipts on their way: those for the next block, and those that wait for the results of others
 * (nearcore runtime/runtime/src/lib.rs, process_receipt).
 */
export class ReceiptFlow {
  #next: Receipt[] = [];
  /** By the id of the data that they wait for (PostponedReceipt in nearcore's trie). */
  readonly #postponed = new Map<string, ActionReceipt>();
  readonly #results = new Map<string, PromiseResult>();

  /** Whether there is a receipt for the next block. */
  get hasNext(): boolean {
    return this.#next.length > 0;
  }

  /** Takes the receipts for this block; what is pushed from now on is for the one after it. */
  take(): readonly Receipt[] {
    const taken = this.#next;
    this.#next = [];
    return taken;
  }

  push(receipt: Receipt): void {
    this.#next.push(receipt);
  }

  /** Executes the receipt, or the one that its data completes, or keeps it until its data is there. */
  process(receipt: Receipt, execute: Execute): void {
    if (receipt.kind === "data") {
      const { data, dataId } = receipt;
      this.#results.set(dataId, data === undefined ? { ok: false } : { ok: true, value: data });
      const waiting = this.#postponed.get(dataId);
      if (waiting !== undefined) this.process(waiting, execute);
      return;
    }
    const missing = receipt.inputDataIds.find((dataId) => !this.#results.has(dataId));
    if (missing !== undefined) {
      this.#postponed.set(missing, receipt);
      return;
    }
    const results = receipt.inputDataIds.map((dataId): PromiseResult => {
      const result = this.#results.get(dataId) ?? { ok: false };
      this.#results.delete(dataId);
      this.#postponed.delete(dataId);
      return result;
    });
    for (const made of execute(receipt, results)) this.push(made);
  }
}
