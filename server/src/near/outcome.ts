import type { OutcomeView, TransactionView } from "./transactions.ts";

/** How a final transaction came out. Costs are the relayer's: gas that was paid for, and yoctoNEAR burnt for it. */
export interface Outcome {
  readonly succeeded: boolean;
  readonly gasBurnt: bigint;
  readonly tokensBurnt: bigint;
  /** The value that the deciding receipt returned, when it succeeded. */
  readonly value: Uint8Array;
  /** The chain's error; undefined when it succeeded. */
  readonly error: unknown;
  /**
   * Whether the deposits went on to the receiver's receipt. When that one fails they are refunded to its
   * predecessor, which for a delegate is the sender, not the relayer.
   */
  readonly depositLeft: boolean;
}

/**
 * Reads the outcome of a final transaction; undefined when an outcome that decides is not there yet.
 *
 * The transaction's own `status` does not suffice for a delegate: the receipt that executes the Delegate
 * action succeeds as soon as it has created the receipt with the inner actions, which executes later and may
 * fail on its own (nearcore, runtime/runtime/src/actions.rs, apply_delegate_action: the inner receipt is the
 * first that it creates). So the first receipt is followed for a delegate, then the chain of
 * SuccessReceiptId to a value.
 */
export function readOutcome(view: TransactionView, isDelegate: boolean): Outcome | undefined {
  const first = view.transaction_outcome;
  if (first === undefined) return undefined;
  const receipts = new Map((view.receipts_outcome ?? []).map((receipt) => [receipt.id, receipt]));
  const costs = costsOf([first, ...receipts.values()]);
  if (hasFailed(first)) return failed(costs, first, false);

  const outer = receipts.get(first.outcome.receipt_ids[0] ?? "");
  if (outer === undefined) return undefined;
  if (!isDelegate) return follow(outer, receipts, costs, false);
  if (hasFailed(outer)) return failed(costs, outer, false);
  const inner = receipts.get(outer.outcome.receipt_ids[0] ?? "");
  return inner === undefined ? undefined : follow(inner, receipts, costs, true);
}

type Costs = Pick<Outcome, "gasBurnt" | "tokensBurnt">;

/** Refunds burn gas that nobody pays for: their outcomes burn no tokens, and nothing was reserved for them. */
function costsOf(all: readonly OutcomeView[]): Costs {
  const charged = all.filter(({ outcome }) => BigInt(outcome.tokens_burnt) > 0n);
  return {
    gasBurnt: charged.reduce((sum, { outcome }) => sum + BigInt(outcome.gas_burnt), 0n),
    tokensBurnt: charged.reduce((sum, { outcome }) => sum + BigInt(outcome.tokens_burnt), 0n),
  };
}

function hasFailed(outcome: OutcomeView): boolean {
  return typeof outcome.outcome.status === "object" && "Failure" in outcome.outcome.status;
}

function failed(costs: Costs, outcome: OutcomeView, depositLeft: boolean): Outcome {
  const { status } = outcome.outcome;
  const error = typeof status === "object" && "Failure" in status ? status.Failure : status;
  return { ...costs, succeeded: false, value: new Uint8Array(), error, depositLeft };
}

function follow(
  start: OutcomeView,
  receipts: ReadonlyMap<string, OutcomeView>,
  costs: Costs,
  isDelegate: boolean,
): Outcome | undefined {
  let current: OutcomeView | undefined = start;
  for (let steps = 0; current !== undefined && steps <= receipts.size; steps++) {
    const { status } = current.outcome;
    if (status === "Unknown") return undefined;
    if ("SuccessValue" in status) {
      const value = new Uint8Array(Buffer.from(status.SuccessValue, "base64"));
      return { ...costs, succeeded: true, value, error: undefined, depositLeft: true };
    }
    if ("Failure" in status) return failed(costs, current, isDelegate || current !== start);
    current = receipts.get(status.SuccessReceiptId);
  }
  return undefined;
}
