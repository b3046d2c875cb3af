import type { NodeView } from "./node-view.ts";
import { query } from "./query.ts";
import { methodNotFound } from "./rpc-error.ts";
import { block, gasPrice, status } from "./status-and-blocks.ts";
import { broadcastTxAsync, broadcastTxCommit, sendTx, txStatus, type Waiting } from "./transactions.ts";

/** Calls a JSON-RPC method of a node; what it does to the chain it does before it first waits. Throws RpcError. */
export async function callMethod(
  node: NodeView,
  method: string,
  params: unknown,
  options: Waiting & { readonly syncing: boolean },
): Promise<unknown> {
  switch (method) {
    case "status":
      return status(node, options.syncing);
    case "block":
      return block(node, params);
    case "gas_price":
      return gasPrice(node);
    case "query":
      return query(node, params);
    case "send_tx":
      return sendTx(node, params, options);
    case "broadcast_tx_async":
      return broadcastTxAsync(node, params);
    case "broadcast_tx_commit":
      return broadcastTxCommit(node, params, options);
    case "tx":
      return txStatus(node, params, false, options);
    case "EXPERIMENTAL_tx_status":
      return txStatus(node, params, true, options);
    default:
      throw methodNotFound(method);
  }
}
