/** An outcome as the tests read it. */
export interface OutcomeView {
  readonly id: string;
  readonly block_hash: string;
  readonly outcome: {
    readonly logs: readonly string[];
    readonly receipt_ids: readonly string[];
    readonly gas_burnt: number;
    readonly tokens_burnt: string;
    readonly executor_id: string;
    readonly status: {
      readonly SuccessValue?: string;
      readonly SuccessReceiptId?: string;
      readonly Failure?: { readonly ActionError: { readonly index: number | null; readonly kind: unknown } };
    };
  };
}

/** A transaction's view, as send_tx and tx answer it. */
export interface TransactionView {
  readonly final_execution_status: string;
  readonly status: OutcomeView["outcome"]["status"];
  readonly transaction: { readonly hash: string; readonly nonce: number };
  readonly transaction_outcome: OutcomeView;
  readonly receipts_outcome: readonly OutcomeView[];
}

/** What a node answered: HTTP status, and JSON-RPC's result or error as they stand on the wire. */
export interface Answer {
  readonly http: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into JSON of any shape
  readonly result?: any;
  readonly error?: {
    readonly name: string;
    readonly code: number;
    readonly message: string;
    readonly cause: { readonly name: string; readonly info: unknown };
    // biome-ignore lint/suspicious/noExplicitAny: tests look into JSON of any shape
    readonly data?: any;
  };
}

/** One JSON-RPC call without any client between. */
export async function call(url: string, method: string, params: unknown): Promise<Answer> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: "test", method, params });
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  return { http: response.status, ...((await response.json()) as object) };
}

/** The InvalidTxError in a refusal. */
export function invalidTx(answer: Answer): unknown {
  return answer.error?.data?.TxExecutionError?.InvalidTxError;
}
