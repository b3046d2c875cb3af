import type { Answer } from "./scripted-node.ts";

/** Of every block. */
const HASH = "11111111111111111111111111111111";

/** What a node shows of a chain, for tests that change it between two questions. */
export interface ShownChain {
  syncing: boolean;
  /** The first block that it still has. */
  earliest: number;
  /** Its final head. */
  height: number;
  /** The nonce of every key, and the final block at which it is read; undefined for no key. */
  key: { nonce: number; height: number } | undefined;
  /** Whether it knows every transaction. */
  known: boolean;
}

/** Answers status, block, view_access_key and tx as `shown` says at the moment; told of each method first. */
export function chainAnswers(shown: ShownChain, onCall: (method: string) => void = () => undefined): Answer {
  return (_, response, body) => {
    const { method } = JSON.parse(body) as { method: string };
    onCall(method);
    response.end(JSON.stringify({ jsonrpc: "2.0", id: "x", ...answerTo(method, shown) }));
  };
}

function answerTo(method: string, { syncing, earliest, height, key, known }: ShownChain): object {
  switch (method) {
    case "status":
      return { result: { chain_id: "testnet", sync_info: { syncing, earliest_block_height: earliest } } };
    case "block":
      return { result: { header: { height, hash: HASH, timestamp_nanosec: "0" } } };
    case "query":
      return {
        result:
          key === undefined
            ? { error: "access key ed25519:x does not exist while viewing" }
            : { nonce: key.nonce, permission: "FullAccess", block_height: key.height },
      };
    default:
      return known
        ? { result: { final_execution_status: "INCLUDED" } }
        : { error: { cause: { name: "UNKNOWN_TRANSACTION" } } };
  }
}
