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
 * First, a final block must show that no later one can hold it: in it, the key's nonce is at or past the transaction's, or
 * it is too far from the block which the transaction names. No endpoint that is in sync may show otherwise. Asked after
 * that, an endpoint must say that no block up to there holds it: one that is in sync, whose own final head is at or past
 * that block, and which still has the blocks since the named one, does not know the hash. All of this holds twice, some
 * blocks apart. A transaction that is known anywhere is not dead, and neither is one about which nobody could be asked.
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
  const shown = await ofEach(chain, signal, (at) => passedAt(sent, chain, at));
  const heights = shown.filter((height) => height !== undefined);
  const [first, ...others] = heights.filter((height) => height !== "alive");
  if (first === undefined || heights.includes("alive")) return false;
  // The highest one, wherever it was read: an endpoint that is behind it may not have seen the transaction yet.
  let height = first;
  for (const other of others) if (other > height) height = other;
  const words = await ofEach(chain, signal, (at) => wordOf(sent, height, chain, at));
  return words.includes("never") && !words.includes("known");
}

type At = { endpoint: number; signal: AbortSignal };

/** What each endpoint answers; undefined for those that do not. */
function ofEach<T>(
  { endpointCount }: ChainReads,
  signal: AbortSignal,
  ask: (at: At) => Promise<T>,
): Promise<(T | undefined)[]> {
  return Promise.all(
    Array.from({ length: endpointCount }, async (_, endpoint) => {
      try {
        return await ask({ endpoint, signal });
      } catch (error) {
        if (!(error instanceof ChainError)) throw error;
        return undefined;
      }
    }),
  );
}

/**
 * The height of a final block after which the transaction cannot be included any more, as one endpoint shows it; "alive"
 * if it still can be, undefined if the endpoint is not in sync.
 */
async function passedAt(
  sent: SentTransaction,
  { views, validityBlocks }: ChainReads,
  at: At,
): Promise<bigint | "alive" | undefined> {
  const { syncing } = await views.status(at);
  if (syncing) return undefined;
  const head = await views.block("final", at);
  if (head.height > sent.blockHashHeight + validityBlocks) return head.height;
  try {
    const key = await views.accessKey(sent.relayerId, sent.relayerPublicKey, "final", at);
    return key.nonce < sent.nonce ? "alive" : key.blockHeight;
  } catch (error) {
    // A key that is gone may be added again, with a nonce that is not past this one.
    if (error instanceof ChainError && error.kind === "unknown-access-key") return "alive";
    throw error;
  }
}

/**
 * What one endpoint says of the hash: "never" if no block up to `height` holds the transaction. Whoever knows it is
 * believed; who does not, only when nothing up to that block can be missing.
 */
async function wordOf(
  sent: SentTransaction,
  height: bigint,
  { views, transactions }: ChainReads,
  at: At,
): Promise<"known" | "never" | undefined> {
  // Asked before the hash: what is final then stays so.
  const seen = await hasSeen(sent.blockHashHeight, height, views, at);
  try {
    await transactions.byHash(sent.hash, sent.relayerId, "NONE", at);
    return "known";
  } catch (error) {
    if (error instanceof ChainError && error.kind === "unknown-transaction")
      return seen ? "never" : undefined;
    throw error;
  }
}

/** Whether a node is in sync and has all final blocks between two heights. One that has dropped blocks dropped what is in them. */
async function hasSeen(from: bigint, to: bigint, views: NearViews, at: At): Promise<boolean> {
  try {
    const { syncing, earliestHeight } = await views.status(at);
    if (syncing || earliestHeight === undefined || earliestHeight > from) return false;
    return (await views.block("final", at)).height >= to;
  } catch (error) {
    if (error instanceof ChainError) return false;
    throw error;
  }
}
