import type { Block } from "../chain/block.ts";
import { PROTOCOL_VERSION } from "../chain/config.ts";
import { u64 } from "../chain/errors.ts";
import type { NodeView } from "./node-view.ts";
import { namedParams } from "./params.ts";

/** `status` (https://docs.near.org/api/rpc/network#node-status). */
export function status(node: NodeView, syncing: boolean): unknown {
  const head = node.block({ finality: "optimistic" });
  const first = node.chain.blockAt(node.chain.config.genesisHeight) ?? head;
  return {
    version: { version: "devnet", build: "devnet", rustc_version: "", commit: "" },
    chain_id: node.chain.config.networkId,
    genesis_hash: first.hash,
    protocol_version: PROTOCOL_VERSION,
    latest_protocol_version: PROTOCOL_VERSION,
    rpc_addr: "",
    validators: [],
    sync_info: {
      latest_block_hash: head.hash,
      latest_block_height: u64(head.height),
      latest_state_root: "11111111111111111111111111111111",
      latest_block_time: isoTime(head),
      earliest_block_hash: first.hash,
      earliest_block_height: u64(first.height),
      earliest_block_time: isoTime(first),
      syncing,
      epoch_id: "11111111111111111111111111111111",
      epoch_start_height: u64(first.height),
    },
    validator_account_id: null,
    validator_public_key: null,
    node_public_key: "ed25519:11111111111111111111111111111111",
    node_key: null,
    uptime_sec: 0,
  };
}

/** `block` (https://docs.near.org/api/rpc/block-chunk#block-details), with the header's fields that clients read. */
export function block(node: NodeView, params: unknown): unknown {
  const found = node.block(namedParams(params, ["block_id"]));
  const { config } = node.chain;
  return {
    author: "validator.devnet",
    header: {
      height: u64(found.height),
      prev_height: u64(found.height > config.genesisHeight ? found.height - 1n : found.height),
      hash: found.hash,
      prev_hash: found.prevHash,
      epoch_id: "11111111111111111111111111111111",
      next_epoch_id: "11111111111111111111111111111111",
      timestamp: u64(found.timestamp),
      timestamp_nanosec: found.timestamp.toString(),
      last_final_block: node.chain.blockAt(node.chain.finalHeight(found.height))?.hash,
      gas_price: config.gasPrice.toString(),
      total_supply: node.chain.totalSupply.toString(),
      chunks_included: 1,
      latest_protocol_version: PROTOCOL_VERSION,
    },
    chunks: [],
  };
}

/** `gas_price` (https://docs.near.org/api/rpc/gas): the same at every block. */
export function gasPrice(node: NodeView): unknown {
  return { gas_price: node.chain.config.gasPrice.toString() };
}

function isoTime({ timestamp }: Block): string {
  return new Date(Number(timestamp / 1_000_000n)).toISOString();
}
