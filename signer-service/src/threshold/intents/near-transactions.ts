import { BorshError, decodeTransaction, formatPublicKey, transactionHash } from "@countersign/near";
import { ED25519_SCHEME } from "../schemes/scheme-ids.ts";
import { MAX_ACTIONS, malformed, type NearIntent } from "./intent.ts";

/**
 * NEAR transactions: each of the byte strings is one unsigned Transaction in borsh, all of whose actions are
 * understood. Throws PAYLOAD_MALFORMED.
 */
export function nearTransactions(transactions: readonly Uint8Array[]): NearIntent {
  const signers = transactions.map((bytes, index) => {
    const { signerId, publicKey } = decoded(bytes, index);
    return { accountId: signerId, publicKey: formatPublicKey(publicKey) };
  });
  return {
    schemeId: ED25519_SCHEME,
    purpose: "NEAR_TRANSACTION",
    digests: transactions.map(transactionHash),
    signers,
  };
}

function decoded(bytes: Uint8Array, index: number) {
  try {
    return decodeTransaction(bytes, MAX_ACTIONS);
  } catch (error) {
    if (!(error instanceof BorshError)) throw error;
    throw malformed(`transaction ${index}: ${error.message}`, error);
  }
}
