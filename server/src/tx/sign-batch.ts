import {
  BorshError,
  decodeSignedTransaction,
  encodeTransaction,
  type PublicKey,
  parsePublicKey,
  transactionHash,
  verifySignature,
} from "@countersign/near";
import { base58 } from "@scure/base";
import type { BlockView } from "../near/views.ts";
import type { Attempt } from "./delivery.ts";
import type { Intent } from "./payload.ts";
import { type End, refusedBySigner, type Work } from "./work.ts";

/** A relayer's access key, with which one lane signs. */
export interface LaneKey {
  readonly keyId: string;
  readonly accountId: string;
  readonly publicKey: string;
}

/** What a signer gave for one transaction: the signed bytes, or why it refused. */
export type SignResult =
  | { readonly kind: "signed"; readonly signedTransaction: Uint8Array; readonly hash: Uint8Array }
  | { readonly kind: "refused"; readonly reason: string; readonly message: string };

/** The signer, as the transaction manager needs it. Throws DomainError SIGNER_UNAVAILABLE when it is. */
export interface TransactionSigner {
  sign(
    network: string,
    transactions: readonly { keyId: string; transaction: Uint8Array }[],
    signal: AbortSignal,
  ): Promise<SignResult[]>;
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

/** A submission with the transaction that was signed for it. */
export interface SignedWork {
  readonly work: Work;
  readonly attempt: Attempt;
}

/**
 * Has one transaction signed for each submission, over its nonce and this block. What the signer refuses comes
 * back with its end. Throws what the signer throws; then nothing was signed that anybody keeps.
 */
export async function signBatch(
  batch: readonly Work[],
  block: BlockView,
  { network, key, signer }: { network: string; key: LaneKey; signer: TransactionSigner },
  signal: AbortSignal,
): Promise<{ signed: SignedWork[]; refused: { work: Work; end: End }[] }> {
  const unsigned = batch.map((work) => ({
    work,
    bytes: unsignedTransaction(work.intent, key, work.nonce, block),
  }));
  const request = unsigned.map(({ bytes }) => ({ keyId: key.keyId, transaction: bytes }));
  const results = await signer.sign(network, request, signal);
  const signed: SignedWork[] = [];
  const refused: { work: Work; end: End }[] = [];
  for (const [i, { work, bytes }] of unsigned.entries()) {
    const result = results[i];
    const hash = transactionHash(bytes);
    if (result?.kind === "refused") {
      refused.push({ work, end: refusedBySigner(work, result.reason, result.message) });
    } else if (result === undefined || !isSignedForm(result, bytes, hash, key)) {
      refused.push({ work, end: refusedBySigner(work, "SIGNER_SELF_CHECK_FAILED", "it signed other bytes") });
    } else {
      const attempt = {
        submissionId: work.submissionId,
        hash: base58.encode(hash),
        signed: result.signedTransaction,
        isDelegate: work.kind === "DELEGATE",
        relayerId: key.accountId,
        relayerPublicKey: key.publicKey,
        nonce: work.nonce,
        blockHashHeight: block.height,
      };
      signed.push({ work, attempt });
    }
  }
  return { signed, refused };
}
