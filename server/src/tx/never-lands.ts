import { ChainError } from "../near/chain-error.ts";
import type { NearTransactions } from "../near/transactions.ts";
import type { NearViews } from "../near/views.ts";

/** A signed transaction, as far as the proof needs it. */
export interface SentTransaction {
  /** Base58. */
  readonly hash: string;
  readonly relayerId: string;
  readonly relayerPublicKey: string;
  readonly nonce: bigint;
  /** Height of the block that the transaction names. */
  readonly blockHashHeight: bigint;
}

export interface ChainReads {
  readonly views: NearViews;
  readonly transactions: NearTransactions;
  readonly endpointCount: number;
  /** Blocks after which a transaction's block hash is too old (nearcore, transaction_validity_period). */
  readonly validityBlocks: bigint;
}

/**
 * Whether a transaction provably can never land. Only then may its submission take a new nonce.
 *
 * One synced endpoint must show, in a final block, that the key's nonce is at or past the transaction's or
 * that the block which it names is too old; asked after that, the endpoint must not know the hash, and
 * neither may any other that answers. A transaction that is known anywhere is not dead, and neither is one
 * about which nobody could be asked.
 */
export async function canNeverLand(
  sent: SentTransaction,
  chain: ChainReads,
  signal: AbortSignal,
): Promise<boolean> {
  let proven = false;
  for (let endpoint = 0; endpoint < chain.endpointCount; endpoint++) {
    try {
      const passed = await isPassed(sent, chain, { endpoint, signal });
      if (await isKnown(sent, chain, { endpoint, signal })) return false;
      proven ||= passed;
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
    }
  }
  return proven;
}

type At = { endpoint: number; signal: AbortSignal };

async function isPassed(
  sent: SentTransaction,
  { views, validityBlocks }: ChainReads,
  at: At,
): Promise<boolean> {
  const { syncing } = await views.status(at);
  if (syncing) return false;
  const head = await views.block("final", at);
  if (head.height > sent.blockHashHeight + validityBlocks) return true;
  try {
    const key = await views.accessKey(sent.relayerId, sent.relayerPublicKey, "final", at);
    return key.nonce >= sent.nonce;
  } catch (error) {
    // A key that is gone may be added again, with a nonce that is not past this one.
    if (error instanceof ChainError && error.kind === "unknown-access-key") return false;
    throw error;
  }
}

async function isKnown(sent: SentTransaction, { transactions }: ChainReads, at: At): Promise<boolean> {
  try {
    await transactions.byHash(sent.hash, sent.relayerId, "NONE", at);
    return true;
  } catch (error) {
    if (error instanceof ChainError && error.kind === "unknown-transaction") return false;
    throw error;
  }
}
