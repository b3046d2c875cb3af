import { createHash } from "node:crypto";
import { baseEncode } from "near-api-js";
import type { Action } from "../codec/action.ts";
import type { ErrorVariant } from "./errors.ts";

/** Work for one account, executed in a block (nearcore core/primitives/src/receipt.rs). */
export interface ActionReceipt {
  readonly kind: "action";
  readonly id: string;
  /** The transaction that it descends from. */
  readonly transactionHash: string;
  readonly predecessorId: string;
  readonly receiverId: string;
  readonly signerId: string;
  readonly signerPublicKey: string;
  readonly gasPrice: bigint;
  readonly actions: readonly Action[];
  /** Results that it waits for. */
  readonly inputDataIds: readonly string[];
  /** Who gets its own result. */
  readonly outputDataReceivers: readonly DataReceiver[];
}

/** The result of one receipt on its way to another that waits for it; undefined when it failed. */
export interface DataReceipt {
  readonly kind: "data";
  readonly receiverId: string;
  readonly dataId: string;
  readonly data: Uint8Array | undefined;
}

export interface DataReceiver {
  readonly dataId: string;
  readonly receiverId: string;
}

export type Receipt = ActionReceipt | DataReceipt;

export type ExecutionStatus =
  | { readonly kind: "value"; readonly value: Uint8Array }
  | { readonly kind: "receipt"; readonly id: string }
  | { readonly kind: "failure"; readonly index: number | undefined; readonly error: ErrorVariant };

/** What came of a transaction or of a receipt. Gas in gas units, tokens in yocto. */
export interface Outcome {
  readonly id: string;
  readonly blockHeight: bigint;
  readonly blockHash: string;
  readonly logs: readonly string[];
  readonly receiptIds: readonly string[];
  readonly gasBurnt: bigint;
  readonly tokensBurnt: bigint;
  readonly executorId: string;
  readonly status: ExecutionStatus;
}

/** An id that depends on its parent, the height and a running index (create_receipt_id_from_receipt_id). */
export function deriveId(parent: string, height: bigint, index: number): string {
  return baseEncode(createHash("sha256").update(`${parent}/${height}/${index}`).digest());
}
