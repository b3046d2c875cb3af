import { setTimeout as delay } from "node:timers/promises";
import { decodeSignedTransaction } from "@countersign/near";
import { base58 } from "@scure/base";
import { ChainError } from "../near/chain-error.ts";
import type { NearTransactions } from "../near/transactions.ts";
import type { NearViews } from "../near/views.ts";

/** A signed transaction, as far as the proof needs it. */
export interface SentTransaction {
  /** Base58. */
  readonly hash: string;
  /** The borsh bytes of the SignedTransaction. */
  readonly signed: Uint8Array;
  readonly relayerId: string;
  readonly relayerPublicKey: string;
  readonly nonce: bigint;
  /** Height of the block that the transaction names, as the node gave it that named it. */
  readonly blockHashHeight: bigint;
}

export interface ChainReads {
  readonly views: NearViews;
  readonly transactions: NearTransactions;
  readonly endpointCount: number;
  /** Whether an endpoint is known to give no answers. */
  readonly isDown: (endpoint: number) => boolean;
  /** Blocks after which a transaction's block hash is too old (nearcore, transaction_validity_period). */
  readonly validityBlocks: bigint;
}

/** Time between the two looks of the proof, in milliseconds: nodes behind one URL may be a few blocks apart. */
const SECOND_LOOK_MS = 1_500;

/**
 * Whether a transaction provably can never land. Only then may its submission take a new nonce.
 *
 * An endpoint that is in sync proves it in two steps. First, a final block of its own shows that no later one can hold the
 * transaction: in it, the key's nonce is at or past the transaction's, or it is too far from the block that is named, by the
 * height at which the endpoint has that block. Asked after that, it does not know the hash, while its final head is at or
 * past that block, and it still has the blocks since the named one.
 *
 * More than half of the endpoints must prove it, or all that are not out: those that are down, catch up, or have dropped
 * blocks. None may know the transaction, nor, in sync, show that it can still land. All of this holds twice, some blocks
 * apart.
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

/**
 * What an endpoint says: "dead" if it proves it, "alive" if it knows the transaction or shows that it can still land, "out"
 * if it cannot tell for long, "unsure" if it did not tell now.
 */
type Word = "dead" | "alive" | "out" | "unsure";
type At = { endpoint: number; signal: AbortSignal };

async function looksDead(sent: SentTransaction, chain: ChainReads, signal: AbortSignal): Promise<boolean> {
  const words = await Promise.all(
    Array.from({ length: chain.endpointCount }, (_, endpoint) => wordOf(sent, chain, { endpoint, signal })),
  );
  if (words.includes("alive")) return false;
  const dead = words.filter((word) => word === "dead").length;
  return dead > words.length / 2 || (dead > 0 && !words.includes("unsure"));
}

async function wordOf(sent: SentTransaction, chain: ChainReads, at: At): Promise<Word> {
  try {
    const { syncing } = await chain.views.status(at);
    const passed = syncing ? "out" : await passedAt(sent, chain, at);
    if (passed === "alive") return passed;
    // Asked before the hash: what is final then stays so.
    const word = typeof passed === "bigint" ? await wordUpTo(passed, sent, chain, at) : passed;
    return (await isKnown(sent, chain, at)) ? "alive" : word;
  } catch (error) {
    if (!(error instanceof ChainError)) throw error;
    return chain.isDown(at.endpoint) ? "out" : "unsure";
  }
}

/** The height of a final block after which the transaction cannot be included any more. */
async function passedAt(
  sent: SentTransaction,
  { views, validityBlocks }: ChainReads,
  at: At,
): Promise<bigint | "alive" | "unsure"> {
  const head = await views.block("final", at);
  const isOld = head.height > sent.blockHashHeight + validityBlocks;
  const named = isOld ? await heightOfNamed(sent, views, at) : sent.blockHashHeight;
  if (named !== undefined && head.height > named + validityBlocks) return head.height;
  const notPassed = named === undefined ? "unsure" : "alive";
  try {
    const key = await views.accessKey(sent.relayerId, sent.relayerPublicKey, "final", at);
    return key.nonce < sent.nonce ? notPassed : key.blockHeight;
  } catch (error) {
    // A key that is gone may be added again, with a nonce that is not past this one.
    if (error instanceof ChainError && error.kind === "unknown-access-key") return notPassed;
    throw error;
  }
}

/** Where the endpoint itself has the block that the transaction names; undefined when it does not know it, or no more. */
async function heightOfNamed(
  { signed }: SentTransaction,
  views: NearViews,
  at: At,
): Promise<bigint | undefined> {
  const hash = base58.encode(decodeSignedTransaction(signed).transaction.blockHash);
  try {
    return (await views.block({ hash }, at)).height;
  } catch (error) {
    if (error instanceof ChainError && error.kind === "not-synced") return undefined;
    throw error;
  }
}

/** What it means that an endpoint does not know the hash: "dead" when nothing up to that block can be missing there. */
async function wordUpTo(
  height: bigint,
  { blockHashHeight }: SentTransaction,
  { views }: ChainReads,
  at: At,
): Promise<Word> {
  const { syncing, earliestHeight } = await views.status(at);
  // One that has dropped blocks dropped what is in them.
  if (syncing || earliestHeight === undefined || earliestHeight > blockHashHeight) return "out";
  return (await views.block("final", at)).height >= height ? "dead" : "unsure";
}

async function isKnown(
  { hash, relayerId }: SentTransaction,
  { transactions }: ChainReads,
  at: At,
): Promise<boolean> {
  try {
    await transactions.byHash(hash, relayerId, "NONE", at);
    return true;
  } catch (error) {
    if (error instanceof ChainError && error.kind === "unknown-transaction") return false;
    throw error;
  }
}
