import { isValidAccountId } from "../chain/account-id.ts";
import { InvalidTransaction } from "../chain/errors.ts";
import { progressOf, type TransactionRecord } from "../chain/transaction-record.ts";
import type { SignedTransaction } from "../codec/action.ts";
import { BorshError } from "../codec/borsh-reader.ts";
import { decodeSignedTransaction } from "../codec/signed-transaction.ts";
import type { NodeView } from "./node-view.ts";
import { base64, namedParams, text } from "./params.ts";
import { invalidTransaction, parseError, timeoutError, unknownTransaction } from "./rpc-error.ts";
import { outcomeJson } from "./transaction-json.ts";
import type { Waiters } from "./waiters.ts";

/** How far a transaction has come (nearcore core/primitives/src/views.rs, TxExecutionStatus). */
const STATUSES = ["NONE", "INCLUDED", "EXECUTED_OPTIMISTIC", "INCLUDED_FINAL", "EXECUTED", "FINAL"] as const;
type Status = (typeof STATUSES)[number];

/** What meets each expectation (nearcore chain/jsonrpc/src/lib.rs, tx_execution_status_meets_expectations). */
const MET_BY: Readonly<Record<Status, readonly Status[]>> = {
  NONE: STATUSES,
  INCLUDED: ["INCLUDED", "EXECUTED_OPTIMISTIC", "INCLUDED_FINAL", "EXECUTED", "FINAL"],
  EXECUTED_OPTIMISTIC: ["EXECUTED_OPTIMISTIC", "EXECUTED", "FINAL"],
  INCLUDED_FINAL: ["INCLUDED_FINAL", "EXECUTED", "FINAL"],
  EXECUTED: ["EXECUTED", "FINAL"],
  FINAL: ["FINAL"],
};

/** How calls wait for transactions at one node. */
export interface Waiting {
  readonly waiters: Waiters;
  /** How long at most (`polling_timeout` of nearcore's RPC). */
  readonly timeoutMs: number;
  /** Ends all waiting when the node stops. */
  readonly signal: AbortSignal;
}

/** `send_tx`: NONE answers at once and hides refusals, as broadcast_tx_async does. Throws RpcError. */
export async function sendTx(node: NodeView, raw: unknown, waiting: Waiting): Promise<unknown> {
  const params = namedParams(raw, ["signed_tx_base64", "wait_until"]);
  const transaction = decode(base64(params, "signed_tx_base64"));
  const until = readStatus(params.wait_until);
  if (until === "NONE") {
    submitQuietly(node, transaction);
    return { final_execution_status: "NONE" };
  }
  accept(node, transaction, () => node.chain.submit(transaction, node.headHeight));
  return waitFor(node, { hash: transaction.hash, signed: transaction }, until, false, waiting);
}

/** `broadcast_tx_async`: the hash, whatever becomes of the transaction. */
export function broadcastTxAsync(node: NodeView, raw: unknown): string {
  const transaction = decode(base64(namedParams(raw, ["signed_tx_base64"]), "signed_tx_base64"));
  submitQuietly(node, transaction);
  return transaction.hash;
}

/** `broadcast_tx_commit`: send_tx that waits for EXECUTED_OPTIMISTIC. */
export function broadcastTxCommit(node: NodeView, raw: unknown, waiting: Waiting): Promise<unknown> {
  const { signed_tx_base64 } = namedParams(raw, ["signed_tx_base64"]);
  return sendTx(node, { signed_tx_base64, wait_until: "EXECUTED_OPTIMISTIC" }, waiting);
}

/** `tx` and `EXPERIMENTAL_tx_status`, by the hash and the sender or by the signed bytes. Throws RpcError. */
export async function txStatus(
  node: NodeView,
  raw: unknown,
  withReceipts: boolean,
  waiting: Waiting,
): Promise<unknown> {
  const params = namedParams(raw, statusNames(raw));
  const until = readStatus(params.wait_until);
  if (params.signed_tx_base64 !== undefined) {
    const signed = decode(base64(params, "signed_tx_base64"));
    return waitFor(node, { hash: signed.hash, signed }, until, withReceipts, waiting);
  }
  const hash = text(params, "tx_hash");
  if (!isValidAccountId(text(params, "sender_account_id"))) {
    throw parseError("Failed parsing args: not a valid account ID");
  }
  return waitFor(node, { hash, signed: undefined }, until, withReceipts, waiting);
}

/** The positional form is `[hash, sender]` or `[bytes]`. */
function statusNames(raw: unknown): readonly string[] {
  return Array.isArray(raw) && raw.length === 1 ? ["signed_tx_base64"] : ["tx_hash", "sender_account_id"];
}

function decode(bytes: Uint8Array): SignedTransaction {
  try {
    return decodeSignedTransaction(bytes);
  } catch (error) {
    if (!(error instanceof BorshError)) throw error;
    throw parseError(`Failed parsing args: Failed to decode transaction: ${error.message}`);
  }
}

function readStatus(value: unknown): Status {
  if (value === undefined || value === null) return "EXECUTED_OPTIMISTIC";
  const status = STATUSES.find((s) => s === value);
  if (status === undefined) throw parseError("Failed parsing args: unknown variant for wait_until");
  return status;
}

/**
 * Runs a check of a transaction. A nonce that is used up is no refusal when it was this very transaction that used it, so
 * that the same bytes can be sent again (nearcore chain/jsonrpc/src/lib.rs, send_tx_internal). Throws RpcError.
 */
function accept(node: NodeView, transaction: SignedTransaction, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof InvalidTransaction)) throw error;
    const usedUp = typeof error.error === "object" && "InvalidNonce" in error.error;
    if (usedUp && visibleRecord(node, transaction.hash) !== undefined) return;
    throw invalidTransaction(error.error);
  }
}

function submitQuietly(node: NodeView, transaction: SignedTransaction): void {
  try {
    node.chain.submit(transaction, node.headHeight);
  } catch (error) {
    if (!(error instanceof InvalidTransaction)) throw error;
  }
}

/** The record of a transaction that a block up to the node's head included. */
function visibleRecord(node: NodeView, hash: string): TransactionRecord | undefined {
  const record = node.chain.record(hash);
  return record !== undefined && record.outcome.blockHeight <= node.headHeight ? record : undefined;
}

interface Wanted {
  readonly hash: string;
  /** The transaction itself, when the call carried it. */
  readonly signed: SignedTransaction | undefined;
}

/**
 * Answers as soon as the transaction is far enough. An unknown one is waited for, too, unless nothing is expected of it:
 * then it is UNKNOWN_TRANSACTION, and else TIMEOUT_ERROR in the end. One that can no longer be included is refused, when
 * the call carried it (nearcore chain/jsonrpc/src/lib.rs, tx_status_fetch).
 */
async function waitFor(
  node: NodeView,
  { hash, signed }: Wanted,
  until: Status,
  withReceipts: boolean,
  { waiters, timeoutMs, signal }: Waiting,
): Promise<unknown> {
  const done = Promise.withResolvers<unknown>();
  const look = () => {
    const record = visibleRecord(node, hash);
    if (record !== undefined) {
      const status = statusOf(node, record);
      if (!MET_BY[until].includes(status)) return;
      const outcome = outcomeJson(record, node.headHeight, withReceipts);
      done.resolve({ final_execution_status: status, ...outcome });
      return;
    }
    try {
      if (signed !== undefined) accept(node, signed, () => node.chain.check(signed, node.headHeight));
      if (until === "NONE") throw unknownTransaction(hash);
    } catch (error) {
      done.reject(error);
    }
  };
  const giveUp = () => done.reject(timeoutError());
  const timer = setTimeout(giveUp, timeoutMs);
  signal.addEventListener("abort", giveUp, { once: true });
  const unsubscribe = waiters.add(hash, look);
  try {
    look();
    return await done.promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
    unsubscribe();
  }
}

/** nearcore chain/client/src/view_client_actor.rs, get_tx_execution_status. */
function statusOf(node: NodeView, record: TransactionRecord): Exclude<Status, "NONE"> {
  const progress = progressOf(record, node.headHeight, node.finalHeight);
  if (progress === undefined) throw new Error("the node does not know the transaction");
  const { executed, includedFinal, executedFinal } = progress;
  if (executedFinal) return "FINAL";
  if (includedFinal) return executed ? "EXECUTED" : "INCLUDED_FINAL";
  return executed ? "EXECUTED_OPTIMISTIC" : "INCLUDED";
}
