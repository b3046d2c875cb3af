import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import {
  type Action,
  BorshError,
  decodeTransaction,
  delegateHash,
  formatPublicKey,
  type Transaction,
  verifySignature,
} from "@countersign/near";
import { DomainError } from "@countersign/service-kit";
import type { RelayerKey } from "./key-backend.ts";

/**
 * Whether `key` may sign these borsh bytes for `network`: they are one transaction that is understood whole, of
 * the key's account, under the key itself. Throws a DomainError with a SIGNER_* reason otherwise.
 */
export function checkTransaction(bytes: Uint8Array, network: string, key: RelayerKey): void {
  if (key.network !== network) {
    throw new DomainError(
      ErrorReason.SIGNER_NETWORK_MISMATCH,
      `key ${key.keyId} belongs to network ${key.network}, not to the request's`,
    );
  }
  const transaction = decode(bytes);
  if (transaction.signerId !== key.accountId) {
    throw new DomainError(
      ErrorReason.SIGNER_ACCOUNT_MISMATCH,
      `the transaction is signed by ${transaction.signerId}, key ${key.keyId} belongs to ${key.accountId}`,
    );
  }
  if (formatPublicKey(transaction.publicKey) !== formatPublicKey(key.publicKey)) {
    throw new DomainError(
      ErrorReason.SIGNER_PUBLIC_KEY_MISMATCH,
      `the transaction's public key is not that of key ${key.keyId}`,
    );
  }
  checkDelegate(transaction);
}

function decode(bytes: Uint8Array): Transaction {
  try {
    return decodeTransaction(bytes);
  } catch (error) {
    if (!(error instanceof BorshError)) throw error;
    throw malformed(`not an unsigned transaction that the signer understands: ${error.message}`);
  }
}

/**
 * A delegate travels alone, to its sender, with a signature that verifies: the chain refuses any other one
 * (NEP-366) and keeps the relayer's fee.
 */
function checkDelegate({ actions, receiverId }: Transaction): void {
  const delegate = actions.find((a): a is Extract<Action, { kind: "Delegate" }> => a.kind === "Delegate");
  if (delegate === undefined) return;
  const { delegateAction, signature } = delegate.signedDelegate;
  if (actions.length !== 1) throw malformed("a delegate must be the only action of its transaction");
  if (delegateAction.senderId !== receiverId) throw malformed("the receiver is not the delegate's sender");
  if (!verifySignature(delegateAction.publicKey, delegateHash(delegateAction), signature)) {
    throw malformed("the delegate's signature does not verify");
  }
}

function malformed(message: string): DomainError {
  return new DomainError(ErrorReason.SIGNER_TRANSACTION_MALFORMED, message);
}
