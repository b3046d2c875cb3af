import { BorshError, decodeDelegateAction, delegateHash, formatPublicKey } from "@countersign/near";
import { type Intent, MAX_ACTIONS, malformed } from "./intent.ts";

/** A NEAR delegate (NEP-366): one DelegateAction in borsh, all of whose actions are understood. Throws PAYLOAD_MALFORMED. */
export function nearDelegate(bytes: Uint8Array): Intent {
  const delegate = decoded(bytes);
  const signer = { accountId: delegate.senderId, publicKey: formatPublicKey(delegate.publicKey) };
  return { purpose: "NEAR_DELEGATE", digests: [delegateHash(delegate)], signers: [signer] };
}

function decoded(bytes: Uint8Array) {
  try {
    return decodeDelegateAction(bytes, MAX_ACTIONS);
  } catch (error) {
    if (!(error instanceof BorshError)) throw error;
    throw malformed(`delegate: ${error.message}`, error);
  }
}
