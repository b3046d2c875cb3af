import { createHash, timingSafeEqual } from "node:crypto";

export interface NamedSecret {
  /** For messages, for example "testnet epoch 1". */
  readonly name: string;
  readonly secret: Uint8Array;
}

/**
 * The names of two that are the same; null when all differ. Compared by their hashes, in constant time. NEAR's bytes
 * carry no network: with one secret for two, what is signed for one could be sent to the other. And what one scheme gives
 * away of a share must say nothing of another scheme's.
 */
export function sameSecrets(secrets: readonly NamedSecret[]): readonly [string, string] | null {
  const hashed = secrets.map(({ name, secret }) => ({ name, hash: hashOf(secret) }));
  for (const [i, one] of hashed.entries()) {
    const other = hashed.slice(0, i).find(({ hash }) => timingSafeEqual(hash, one.hash));
    if (other !== undefined) return [other.name, one.name];
  }
  return null;
}

/** What may be kept of a secret to tell it from another one. */
export function hashOf(secret: Uint8Array): Buffer {
  return createHash("sha256").update("countersign/master-secret-hash/v1\0").update(secret).digest();
}
