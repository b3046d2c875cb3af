import type { ActionReceipt } from "../chain/receipt.ts";
import type { Account, StateUpdate } from "../chain/records.ts";
import type { PromiseResult } from "../contracts/contract.ts";

/** The block that a receipt is executed in. */
export interface BlockContext {
  readonly height: bigint;
  readonly hash: string;
  /** Nanoseconds since the epoch. */
  readonly timestamp: bigint;
}

/** A receipt that an execution made, before it has its id. */
export type NewReceipt = Omit<ActionReceipt, "kind" | "id" | "transactionHash">;

export type ReturnData =
  | { readonly kind: "value"; readonly value: Uint8Array }
  /** The result of `newReceipts[index]` becomes this receipt's. */
  | { readonly kind: "receipt"; readonly index: number };

/** One receipt under execution: what its actions read, change and add to (ActionResult in nearcore's runtime). */
export interface ReceiptRun {
  readonly receipt: ActionReceipt;
  readonly block: BlockContext;
  readonly state: StateUpdate;
  readonly promiseResults: readonly PromiseResult[];
  /** The receiver's record as the actions so far left it; written when all succeeded. */
  account: Account | undefined;
  /** On whose behalf the actions act: the predecessor, or the account itself once it was created here. */
  actorId: string;
  gasBurnt: bigint;
  gasUsed: bigint;
  /** The part of `gasBurnt` that contract code burnt. */
  callGasBurnt: bigint;
  readonly logs: string[];
  newReceipts: NewReceipt[];
  returned: ReturnData;
}

export const NO_VALUE: ReturnData = { kind: "value", value: new Uint8Array() };
