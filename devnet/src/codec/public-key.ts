import { PublicKey } from "near-api-js";

/** A public key's canonical text, `ed25519:…` or `secp256k1:…`, or undefined when `text` is none. */
export function parsePublicKey(text: string): string | undefined {
  if (text.length > 150) return undefined;
  try {
    const key = PublicKey.from(text);
    return key.keyType <= 1 ? key.toString() : undefined;
  } catch {
    return undefined;
  }
}
