import { formatPublicKey } from "@countersign/near";
import type { RelayerKey } from "./key-backend.ts";

/**
 * Says why these keys cannot be held together, or null: a key id names one key, and a public key belongs to
 * one network and stands once. NEAR's bytes carry no network, so a key on two could be made to sign for both.
 */
export function findKeyConflict(
  keys: readonly Pick<RelayerKey, "keyId" | "network" | "publicKey">[],
): string | null {
  const ids = new Set<string>();
  const holders = new Map<string, { keyId: string; network: string }>();
  for (const { keyId, network, publicKey } of keys) {
    if (ids.has(keyId)) return `key id ${keyId} occurs twice`;
    ids.add(keyId);
    const text = formatPublicKey(publicKey);
    const other = holders.get(text);
    if (other !== undefined) {
      return other.network === network
        ? `keys ${other.keyId} and ${keyId} are the same key ${text}`
        : `key ${text} is held for two networks: ${other.network} (${other.keyId}) and ${network} (${keyId})`;
    }
    holders.set(text, { keyId, network });
  }
  return null;
}
