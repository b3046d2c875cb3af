import type { Answer } from "./scripted-node.ts";

/** Of every final head. */
const HASH = "11111111111111111111111111111111";

/** What a node shows of a chain, for tests that change it between two questions. */
export interface ShownChain {
  syncing: boolean;
  /** The first block that it still has. */
  earliest: number;
  /** Its final head. */
  height: number;
  /** The height of every block that is asked for by its hash; undefined when it knows none. */
  named: number | undefined;
  /** The nonce of every key, and the final block at which it is read; undefined for no key. */
  key: { nonce: number; height: number } | undefined;
  /** Whether it knows every transaction. */
  known: boolean;
}

/** Answers status, block, view_access_key and tx as `shown` says at the moment; told of each method first. */
export function chainAnswers(shown: ShownChain, onCall: (method: string) => void = () => undefined): Answer {
  return (_, response, body) => {
    const { method, params } = JSON.parse(body) as { method: string; params: { block_id?: string } };
    onCall(method);
    response.end(JSON.stringify({ jsonrpc: "2.0", id: "x", ...answerTo(method, params.block_id, shown) }));
  };
}

function answerTo(method: string, blockId: string | undefined, shown: ShownChain): object {
  const { syncing, earliest, height, named, key, known } = shown;
  switch (method) {
    case "status":
      return { result: { chain_id: "testnet", sync_info: { syncing, earliest_block_height: earliest } } };
    case "block":
      if (blockId === undefined) return blockOf(height, HASH);
      return named === undefined ? { error: { cause: { name: "UNKNOWN_BLOCK" } } } : blockOf(named, blockId);
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

function blockOf(height: number, hash: string): object {
  return { result: { header: { height, hash, timestamp_nanosec: "0" } } };
}
