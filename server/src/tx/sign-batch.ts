import {
  attachedDeposit,
  BorshError,
  decodeSignedTransaction,
  encodeTransaction,
  type NonDelegateAction,
  type PublicKey,
  parsePublicKey,
  verifySignature,
} from "@countersign/near";
import { base58 } from "@scure/base";
import type { BlockView } from "../near/views.ts";
import type { Intent } from "./payload.ts";

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
export function unsignedTransaction(
  intent: Intent,
  key: LaneKey,
  nonce: bigint,
  block: BlockView,
): Uint8Array {
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
export function isSignedForm(
  { signedTransaction, hash }: { signedTransaction: Uint8Array; hash: Uint8Array },
  unsigned: Uint8Array | undefined,
  expectedHash: Uint8Array,
  key: LaneKey,
): boolean {
  if (unsigned === undefined || Buffer.compare(hash, expectedHash) !== 0) return false;
  if (Buffer.compare(signedTransaction.subarray(0, unsigned.length), unsigned) !== 0) return false;
  try {
    const { signature } = decodeSignedTransaction(signedTransaction);
    return verifySignature(parsePublicKey(key.publicKey), expectedHash, signature);
  } catch (error) {
    if (error instanceof BorshError) return false;
    throw error;
  }
}

/** yoctoNEAR that an intent hands on. */
export function intentDeposit(intent: Intent): bigint {
  const actions: NonDelegateAction[] = intent.actions.flatMap((action) =>
    action.kind === "Delegate" ? action.signedDelegate.delegateAction.actions : [action],
  );
  return attachedDeposit(actions);
}
