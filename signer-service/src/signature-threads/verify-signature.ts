import type { PublicKey, Signature } from "@countersign/near";
import { verifySignature } from "@countersign/near/verify";
import { verifyEd25519 } from "./signature-threads.ts";

/** What `verifySignature` of @countersign/near says, with Ed25519 on another thread. */
export async function verifySignatureOnThread(
  key: PublicKey,
  hash: Uint8Array,
  signature: Signature,
): Promise<boolean> {
  if (key.type !== "ed25519" || signature.type !== "ed25519") return verifySignature(key, hash, signature);
  return verifyEd25519(key.data, hash, signature.data);
}
