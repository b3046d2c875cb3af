import { setTimeout as delay } from "node:timers/promises";
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

/** Time between the two looks of the proof, in milliseconds: nodes behind one URL may be a few blocks apart. */
const SECOND_LOOK_MS = 1_500;

/**
 * Whether a transaction provably can never land. Only then may its submission take a new nonce.
 *
 * At least one synced endpoint must show, in a final block, that the key's nonce is at or past the transaction's
 * or that the block which it names is too old, and must still have the blocks since then; no endpoint that
 * answers may show otherwise; asked after that, none may know the hash. All of this holds twice, some blocks
 * apart. A transaction that is known anywhere is not dead, and neither is one about which nobody could be asked.
 */
export async function canNeverLand(
  sent: SentTransaction,
  chain: ChainReads,
  signal: AbortSignal,
): Promise<boolean> {
  if (!(await looksDead(sent, chain, signal))) return false;
  await delay(SECOND_LOOK_MS, undefined, { signal });
  return looksDead(sent, chain, signal);
}

async function looksDead(sent: SentTransaction, chain: ChainReads, signal: AbortSignal): Promise<boolean> {
  const verdicts = await Promise.all(
    Array.from({ length: chain.endpointCount }, async (_, endpoint) => {
      try {
        const passed = await isPassed(sent, chain, { endpoint, signal });
        return (await isKnown(sent, chain, { endpoint, signal })) ? "alive" : passed;
      } catch (error) {
        if (!(error instanceof ChainError)) throw error;
        return "no answer";
      }
    }),
  );
  return verdicts.includes("passed") && !verdicts.includes("alive");
}

type At = { endpoint: number; signal: AbortSignal };

/** What one endpoint shows: the transaction's time has passed, or may still come, or it cannot tell. */
async function isPassed(
  sent: SentTransaction,
  { views, validityBlocks }: ChainReads,
  at: At,
): Promise<"passed" | "alive" | "cannot tell"> {
  const { syncing, earliestHeight } = await views.status(at);
  if (syncing) return "cannot tell";
  // A node that has dropped the blocks since then has dropped the transaction with them.
  const complete = earliestHeight !== undefined && earliestHeight <= sent.blockHashHeight;
  const head = await views.block("final", at);
  if (head.height > sent.blockHashHeight + validityBlocks) return complete ? "passed" : "cannot tell";
  try {
    const key = await views.accessKey(sent.relayerId, sent.relayerPublicKey, "final", at);
    if (key.nonce < sent.nonce) return "alive";
    return complete ? "passed" : "cannot tell";
  } catch (error) {
    // A key that is gone may be added again, with a nonce that is not past this one.
    if (error instanceof ChainError && error.kind === "unknown-access-key") return "alive";
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
