import { InvalidTransaction } from "../chain/errors.ts";
import { progressOf, type TransactionRecord } from "../chain/transaction-record.ts";
import type { SignedTransaction } from "../codec/action.ts";
import { BorshError } from "../codec/borsh-reader.ts";
import { decodeSignedTransaction } from "../codec/signed-transaction.ts";
import type { NodeView } from "./node-view.ts";
import { base64, namedParams, text } from "./params.ts";
import { invalidTransaction, parseError, timeoutError, unknownTransaction } from "./rpc-error.ts";
import { outcomeJson } from "./transaction-json.ts";

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

/** How long a call waits for a transaction at most; `polling_timeout` of nearcore's RPC, 10 s. */
export interface Waiting {
  readonly timeoutMs: number;
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
  submit(node, transaction);
  return waitFor(node, transaction.hash, until, false, waiting, true);
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

/** `tx` and `EXPERIMENTAL_tx_status`, by the hash or by the signed bytes. Throws RpcError. */
export async function txStatus(
  node: NodeView,
  raw: unknown,
  withReceipts: boolean,
  waiting: Waiting,
): Promise<unknown> {
  const params = namedParams(raw, ["tx_hash", "sender_account_id"]);
  const hash =
    params.signed_tx_base64 === undefined
      ? text(params, "tx_hash")
      : decode(base64(params, "signed_tx_base64")).hash;
  return waitFor(node, hash, readStatus(params.wait_until), withReceipts, waiting, false);
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

/** A transaction that the chain knows already is asked for instead (nearcore, JsonRpcHandler::send_tx). */
function submit(node: NodeView, transaction: SignedTransaction): void {
  const known = node.chain.record(transaction.hash);
  if (known !== undefined && known.outcome.blockHeight <= node.headHeight) return;
  try {
    node.chain.submit(transaction, node.headHeight);
  } catch (error) {
    if (!(error instanceof InvalidTransaction)) throw error;
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

/** Answers as soon as the transaction is far enough; `sent` ones are waited for while no block has them. */
async function waitFor(
  node: NodeView,
  hash: string,
  until: Status,
  withReceipts: boolean,
  { timeoutMs, signal }: Waiting,
  sent: boolean,
): Promise<unknown> {
  const done = Promise.withResolvers<unknown>();
  const look = () => {
    const record = node.chain.record(hash);
    const status = record === undefined ? undefined : statusOf(node, record);
    if (record === undefined || status === undefined) {
      if (!sent) done.reject(unknownTransaction(hash));
    } else if (MET_BY[until].includes(status)) {
      done.resolve({
        final_execution_status: status,
        ...outcomeJson(record, node.headHeight, withReceipts),
      });
    }
  };
  const unsubscribe = node.chain.subscribe(look);
  const timer = setTimeout(() => done.reject(timeoutError()), timeoutMs);
  const onAbort = () => done.reject(timeoutError());
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    look();
    return await done.promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    unsubscribe();
  }
}

/** nearcore chain/client/src/view_client_actor.rs, get_tx_execution_status. */
function statusOf(node: NodeView, record: TransactionRecord): Exclude<Status, "NONE"> | undefined {
  const progress = progressOf(record, node.headHeight, node.finalHeight);
  if (progress === undefined) return undefined;
  const { executed, includedFinal, executedFinal } = progress;
  if (executedFinal) return "FINAL";
  if (includedFinal) return executed ? "EXECUTED" : "INCLUDED_FINAL";
  return executed ? "EXECUTED_OPTIMISTIC" : "INCLUDED";
}
