import { expect, test } from "vitest";
import { readOutcome } from "./outcome.ts";
import type { OutcomeView, TransactionView } from "./transactions.ts";

type Said = Pick<OutcomeView["outcome"], "gas_burnt" | "tokens_burnt" | "receipt_ids" | "status">;

function outcomeOf(id: string, said: Said): OutcomeView {
  return { id, block_hash: "block", outcome: { executor_id: "app.near", ...said } };
}

const REFUND = {
  gas_burnt: 223_182_562_500,
  tokens_burnt: "0",
  receipt_ids: [],
  status: { SuccessValue: "" },
};

test("the costs are those that the chain charged for: refunds burn gas that nobody pays", () => {
  const view: TransactionView = {
    final_execution_status: "FINAL",
    transaction_outcome: outcomeOf("tx", {
      gas_burnt: 300,
      tokens_burnt: "30",
      receipt_ids: ["call"],
      status: { SuccessReceiptId: "call" },
    }),
    receipts_outcome: [
      outcomeOf("call", {
        gas_burnt: 2_000,
        tokens_burnt: "200",
        receipt_ids: ["r1", "r2"],
        status: { SuccessValue: "" },
      }),
      // A promise that failed, and what came back of its deposit and its gas.
      outcomeOf("r1", {
        gas_burnt: 70,
        tokens_burnt: "7",
        receipt_ids: ["r3", "r4"],
        status: { Failure: {} },
      }),
      ...["r2", "r3", "r4"].map((id) => outcomeOf(id, REFUND)),
    ],
  };
  const outcome = readOutcome(view, false);
  expect(outcome).toMatchObject({ succeeded: true, gasBurnt: 2_370n, tokensBurnt: 237n });
});
