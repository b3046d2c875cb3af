import * as z from "zod";
import { isHashText } from "./block-hash.ts";
import { ChainError } from "./chain-error.ts";
import { listOf } from "./list-of.ts";
import type { NearRpc } from "./near-rpc.ts";
import { nodeError } from "./node-error.ts";
import { SendPins } from "./send-pins.ts";

const outcomeView = z.object({
  id: z.string(),
  block_hash: z.string().refine(isHashText),
  outcome: z.object({
    executor_id: z.string(),
    gas_burnt: z.number().int().nonnegative(),
    tokens_burnt: z.string().regex(/^\d{1,39}$/),
    receipt_ids: listOf(z.string()),
    status: z.union([
      z.literal("Unknown"),
      z.object({ SuccessValue: z.string() }),
      z.object({ SuccessReceiptId: z.string() }),
      z.object({ Failure: z.unknown().transform(nodeError) }),
    ]),
  }),
});

/** Far more gas than a transaction can burn, and less than what the ledger can hold. */
const MAX_GAS = Number.MAX_SAFE_INTEGER;

const transactionView = z.object({
  final_execution_status: z.enum([
    "NONE",
    "INCLUDED",
    "EXECUTED_OPTIMISTIC",
    "INCLUDED_FINAL",
    "EXECUTED",
    "FINAL",
  ]),
  transaction: z
    .object({
      signer_id: z.string(),
      receiver_id: z.string(),
      nonce: z.number().int().nonnegative(),
      hash: z.string(),
      actions: z.array(z.unknown()),
    })
    .optional(),
  transaction_outcome: outcomeView.optional(),
  receipts_outcome: listOf(outcomeView).optional(),
});

/** One outcome, of the transaction or of a receipt (https://nomicon.io/RuntimeSpec/Receipts). */
export type OutcomeView = z.output<typeof outcomeView>;
/** A transaction as NEAR shows it; outcomes are missing until it is executed. */
export type TransactionView = z.output<typeof transactionView>;
/** How far a transaction must be before the node answers. */
export type WaitFor = "NONE" | "INCLUDED" | "FINAL";

/** Only an answer about this very transaction counts, and only one that a chain can give. */
function readTransaction(answer: unknown, hash: string): TransactionView {
  const parsed = transactionView.safeParse(answer);
  if (parsed.success) {
    const view = parsed.data;
    if (gasOf(view) > MAX_GAS) {
      throw new ChainError("unavailable", "the node shows more gas than a transaction can burn");
    }
    if ((view.transaction?.hash ?? hash) === hash && (view.transaction_outcome?.id ?? hash) === hash)
      return view;
    throw new ChainError("unavailable", "the node answered about another transaction");
  }
  throw new ChainError("unavailable", "the node's answer about a transaction cannot be read", {
    cause: parsed.error,
  });
}

function gasOf({ transaction_outcome, receipts_outcome = [] }: TransactionView): number {
  const first = transaction_outcome?.outcome.gas_burnt ?? 0;
  return receipts_outcome.reduce((sum, { outcome }) => sum + outcome.gas_burnt, first);
}

/** NEAR's calls about transactions (https://docs.near.org/api/rpc/transactions). */
export class NearTransactions {
  readonly #rpc: NearRpc;
  readonly #pins: SendPins;

  constructor(rpc: NearRpc) {
    this.#rpc = rpc;
    this.#pins = new SendPins(rpc.endpoints);
  }

  /**
   * Where a transaction of a lane is to be sent that was sent to `tried` before: the lane's own endpoint first. Undefined
   * when it was sent to all of them.
   */
  endpointFor(lane: string, tried: ReadonlySet<number>): number | undefined {
    return this.#pins.choose(lane, tried);
  }

  /**
   * Hands a signed transaction to one node, which answers when a block includes it. Sending the same bytes
   * again is harmless. Throws ChainError; only `refused` says that the bytes can never land.
   */
  async send(
    { signed, hash }: { signed: Uint8Array; hash: string },
    endpoint: number,
    signal: AbortSignal,
  ): Promise<TransactionView> {
    const params = {
      signed_tx_base64: Buffer.from(signed).toString("base64"),
      wait_until: "INCLUDED" satisfies WaitFor,
    };
    return this.#rpc.call("send_tx", params, {
      ...{ endpoint, signal, use: "send" },
      read: (answer) => readTransaction(answer, hash),
    });
  }

  /**
   * Asks for a transaction by its hash (base58): at `first` before others, at whichever endpoint answers, or at one of them
   * alone.
   */
  async byHash(
    hash: string,
    signerId: string,
    waitFor: WaitFor,
    options: { endpoint?: number; first?: number | undefined; signal?: AbortSignal } = {},
  ): Promise<TransactionView> {
    const params = { tx_hash: hash, sender_account_id: signerId, wait_until: waitFor };
    return this.#rpc.call("tx", params, {
      ...options,
      use: waitFor === "NONE" ? "read" : "wait",
      read: (answer) => readTransaction(answer, hash),
    });
  }
}
