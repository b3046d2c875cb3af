import { createHash } from "node:crypto";
import { baseEncode } from "near-api-js";

/** A block's header, as far as the devnet has one. */
export interface Block {
  readonly height: bigint;
  readonly hash: string;
  readonly prevHash: string;
  /** Nanoseconds since the epoch; rises from block to block. */
  readonly timestamp: bigint;
  readonly transactions: number;
}

/** The block after `parent`, at `now` milliseconds since the epoch. */
export function nextBlock(networkId: string, parent: Block, now: number, transactions: number): Block {
  const clock = BigInt(Math.trunc(now)) * 1_000_000n;
  const timestamp = clock > parent.timestamp ? clock : parent.timestamp + 1n;
  const height = parent.height + 1n;
  return {
    height,
    hash: blockHash(networkId, parent.hash, height, timestamp),
    prevHash: parent.hash,
    timestamp,
    transactions,
  };
}

export function genesisBlock(networkId: string, height: bigint, now: number): Block {
  const timestamp = BigInt(Math.trunc(now)) * 1_000_000n;
  const prevHash = "11111111111111111111111111111111";
  return {
    height,
    hash: blockHash(networkId, prevHash, height, timestamp),
    prevHash,
    timestamp,
    transactions: 0,
  };
}

function blockHash(networkId: string, parent: string, height: bigint, timestamp: bigint): string {
  return baseEncode(createHash("sha256").update(`${networkId}/${parent}/${height}/${timestamp}`).digest());
}
