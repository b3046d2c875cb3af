import { BorshError, decodeDelegateAction, delegateHash, formatPublicKey } from "@countersign/near";
import { ED25519_SCHEME } from "../schemes/scheme-ids.ts";
import { MAX_ACTIONS, malformed, type NearIntent } from "./intent.ts";

/** A NEAR delegate (NEP-366): one DelegateAction in borsh, all of whose actions are understood. Throws PAYLOAD_MALFORMED. */
export function nearDelegate(bytes: Uint8Array): NearIntent {
  const delegate = decoded(bytes);
  const signer = { accountId: delegate.senderId, publicKey: formatPublicKey(delegate.publicKey) };
  return {
    schemeId: ED25519_SCHEME,
    purpose: "NEAR_DELEGATE",
    digests: [delegateHash(delegate)],
    signers: [signer],
  };
}

function decoded(bytes: Uint8Array) {
  try {
    return decodeDelegateAction(bytes, MAX_ACTIONS);
  } catch (error) {
    if (!(error instanceof BorshError)) throw error;
    throw malformed(`delegate: ${error.message}`, error);
  }
}
