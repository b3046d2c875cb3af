import type { PublicKey, Signature } from "@countersign/near";
import { verifySignature } from "@countersign/near/verify";
import type { SpkiKey } from "./signature-job.ts";
import { verifyEd25519 } from "./signature-threads.ts";

/** DER of SubjectPublicKeyInfo for Ed25519 up to the 32 bytes of the key (RFC 8410, section 4). */
const ED25519_SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/** An Ed25519 key of 32 bytes, as node:crypto imports it. */
export function spkiOf(data: Uint8Array): SpkiKey & { readonly key: Buffer } {
  return { key: Buffer.concat([ED25519_SPKI_PREFIX, data]), format: "der", type: "spki" };
}

/** What `verifySignature` of @countersign/near says, with Ed25519 on another thread. */
export async function verifySignatureOnThread(
  key: PublicKey,
  hash: Uint8Array,
  signature: Signature,
): Promise<boolean> {
  if (key.type !== "ed25519" || signature.type !== "ed25519") return verifySignature(key, hash, signature);
  return verifyEd25519(spkiOf(key.data), hash, signature.data);
}
