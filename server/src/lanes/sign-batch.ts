import {
  BorshError,
  decodeSignedTransaction,
  encodeTransaction,
  type PublicKey,
  parsePublicKey,
  transactionHash,
} from "@countersign/near";
import { verifySignature } from "@countersign/near/verify-native";
import { DomainError, reasonName, type Secret } from "@countersign/service-kit";
import { base58 } from "@scure/base";
import type { SubmissionKind } from "../ledger/ledger.ts";
import type { BlockView } from "../near/views.ts";
import type { Intent } from "../tx/payload.ts";
import type { Attempt } from "./delivery.ts";
import { type End, refusedBySigner, type Work } from "./work.ts";

/** A relayer's access key, with which one lane signs. */
export interface LaneKey {
  readonly keyId: string;
  readonly accountId: string;
  readonly publicKey: string;
}

/** What a transaction is for, in the signer's words. */
export type SigningPurpose = "DELEGATE" | "ACCOUNT_CREATION" | "KEY_MANAGEMENT";

const PURPOSES = {
  DELEGATE: "DELEGATE",
  CREATE_ACCOUNT: "ACCOUNT_CREATION",
  KEY_CHANGE: "KEY_MANAGEMENT",
} as const satisfies Record<SubmissionKind, SigningPurpose>;

/** One transaction to be signed, and for whom. */
export interface SigningItem {
  readonly keyId: string;
  /** Borsh bytes of the unsigned Transaction. */
  readonly transaction: Uint8Array;
  readonly submissionId: string;
  readonly tenant: string;
  readonly purpose: SigningPurpose;
  /** The caller's token, for a signer that verifies it again; null for none. */
  readonly callerCredential: Secret<string> | null;
}

/** What a signer gave for one transaction: the signed bytes, or why it did not sign it. */
export type SignResult =
  | { readonly kind: "signed"; readonly signedTransaction: Uint8Array; readonly hash: Uint8Array }
  /** For good. */
  | { readonly kind: "refused"; readonly reason: string; readonly message: string }
  | NotYet;

/**
 * It may be signed later: "waits" as it is, "other nonce" under another nonce. With `forKey` nothing else is signed
 * with this key for now either.
 */
export type NotYet =
  | { readonly kind: "waits"; readonly reason: string; readonly forKey: boolean }
  | { readonly kind: "other nonce"; readonly reason: string };

/** The signer, as the transaction manager needs it. Throws DomainError SIGNER_UNAVAILABLE when it gives no answer. */
export interface TransactionSigner {
  sign(network: string, items: readonly SigningItem[], signal: AbortSignal): Promise<SignResult[]>;
}

/** The unsigned borsh bytes of the transaction that carries an intent. */
function unsignedTransaction(intent: Intent, key: LaneKey, nonce: bigint, block: BlockView): Uint8Array {
  const publicKey: PublicKey = parsePublicKey(key.publicKey);
  return encodeTransaction({
    signerId: key.accountId,
    publicKey,
    nonce,
    receiverId: intent.receiverId,
    blockHash: base58.decode(block.hash),
    actions: intent.actions,
  });
}

/** Whether a signer's answer is the transaction that it was asked to sign, signed by the lane's key. */
function isSignedForm(
  { signedTransaction, hash }: { signedTransaction: Uint8Array; hash: Uint8Array },
  unsigned: Uint8Array,
  expectedHash: Uint8Array,
  key: LaneKey,
): boolean {
  if (Buffer.compare(hash, expectedHash) !== 0) return false;
  if (Buffer.compare(signedTransaction.subarray(0, unsigned.length), unsigned) !== 0) return false;
  try {
    const { signature } = decodeSignedTransaction(signedTransaction);
    return verifySignature(parsePublicKey(key.publicKey), expectedHash, signature);
  } catch (error) {
    if (error instanceof BorshError) return false;
    throw error;
  }
}

/** A submission that is to be signed, and the block that its transaction names. */
export interface NamedWork extends Work {
  readonly block: BlockView;
}

/** Of the blocks for which a transaction is good, the share (1 / this) after which another one is to be named. */
const AGEING = 4n;

/**
 * Names the block that the signer was asked for before, as long as it has aged little: then the bytes are the same, and
 * the signer's journal, which may hold them, gives their signature. Otherwise the newest.
 */
export function nameBlock(work: Work, newest: BlockView, validityBlocks: bigint): NamedWork {
  const { block } = work;
  const isYoung = block !== null && block.height + validityBlocks / AGEING >= newest.height;
  return { ...work, block: isYoung ? block : newest };
}

/** A submission with the transaction that was signed for it. */
export interface SignedWork {
  readonly work: Work;
  readonly attempt: Attempt;
}

/** What became of each submission of a batch, in the batch's order. */
export interface SignedBatch {
  readonly signed: readonly SignedWork[];
  readonly refused: readonly { readonly work: Work; readonly end: End }[];
  readonly unsigned: readonly { readonly work: NamedWork; readonly why: NotYet }[];
}

/**
 * Has one transaction signed for each submission, over its nonce and its block. Where the signer gives no answer, all
 * of them wait.
 */
export async function signBatch(
  batch: readonly NamedWork[],
  { network, key, signer }: { network: string; key: LaneKey; signer: TransactionSigner },
  signal: AbortSignal,
): Promise<SignedBatch> {
  const asked = batch.map((work) => ({ work, item: signingItem(work, key) }));
  const items = asked.map(({ item }) => item);
  const results = await signer.sign(network, items, signal).catch(unanswered);
  const signed: SignedWork[] = [];
  const refused: { work: Work; end: End }[] = [];
  const unsigned: { work: NamedWork; why: NotYet }[] = [];
  for (const [i, { work, item }] of asked.entries()) {
    const result = Array.isArray(results) ? results[i] : results;
    const hash = transactionHash(item.transaction);
    if (
      result === undefined ||
      (result.kind === "signed" && !isSignedForm(result, item.transaction, hash, key))
    ) {
      unsigned.push({ work, why: { kind: "waits", reason: "SIGNER_SELF_CHECK_FAILED", forKey: false } });
    } else if (result.kind === "signed") {
      signed.push({ work, attempt: attemptFor(work, key, base58.encode(hash), result.signedTransaction) });
    } else if (result.kind === "refused") {
      refused.push({ work, end: refusedBySigner(work, result.reason, result.message) });
    } else {
      unsigned.push({ work, why: result });
    }
  }
  return { signed, refused, unsigned };
}

function unanswered(error: unknown): NotYet {
  if (!(error instanceof DomainError)) throw error;
  return { kind: "waits", reason: reasonName(error.reason), forKey: true };
}

function signingItem(work: NamedWork, key: LaneKey): SigningItem {
  return {
    keyId: key.keyId,
    transaction: unsignedTransaction(work.intent, key, work.nonce, work.block),
    submissionId: work.submissionId,
    tenant: work.tenant,
    purpose: PURPOSES[work.kind],
    callerCredential: work.callerCredential,
  };
}

function attemptFor(
  { submissionId, kind, nonce, block }: NamedWork,
  key: LaneKey,
  hash: string,
  signed: Uint8Array,
): Attempt {
  return {
    submissionId,
    hash,
    signed,
    isDelegate: kind === "DELEGATE",
    relayerId: key.accountId,
    relayerPublicKey: key.publicKey,
    nonce,
    blockHashHeight: block.height,
  };
}
