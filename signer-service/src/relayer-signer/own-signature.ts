import { createPublicKey } from "node:crypto";
import type { PublicKey } from "@countersign/near";
import { verifySignature } from "@countersign/near/verify";
import { verifyEd25519 } from "../signature-threads/signature-threads.ts";
import { spkiOf } from "../signature-threads/verify-signature.ts";

/** Whether signature bytes are a key's over a 32-byte hash. */
export type SignatureCheck = (hash: Uint8Array, signature: Uint8Array) => Promise<boolean>;

/**
 * The check of one of the signer's own keys, for every signature that a backend gives: what `verifySignature` of
 * @countersign/near says, with Ed25519 on another thread and the key imported once.
 */
export function signatureCheck(publicKey: PublicKey): SignatureCheck {
  if (publicKey.type !== "ed25519") {
    return async (hash, data) => verifySignature(publicKey, hash, { type: publicKey.type, data });
  }
  const key = createPublicKey(spkiOf(publicKey.data));
  return (hash, signature) => verifyEd25519(key, hash, signature);
}
