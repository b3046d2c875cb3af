import { parsePublicKey } from "@countersign/near";
import { verifySignature } from "@countersign/near/verify";

/** Whether the signature over the digest is the threshold key's, as any verifier of Ed25519 sees it. */
export function verifies(
  keyId: string,
  digest: Uint8Array,
  signature: Uint8Array = new Uint8Array(),
): boolean {
  return (
    signature.length === 64 &&
    verifySignature(parsePublicKey(keyId), digest, { type: "ed25519", data: signature })
  );
}
