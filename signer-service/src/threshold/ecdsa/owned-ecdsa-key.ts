import type { Caller } from "../caller.ts";
import { keyNotFound, ownedKey } from "../keys/owned-key.ts";
import { ECDSA_SCHEME } from "../schemes/scheme-ids.ts";
import type { ThresholdParts } from "../threshold-parts.ts";
import type { ThresholdKeyRecord } from "../threshold-store.ts";

/** A key of the caller that signs with ECDSA. Throws THRESHOLD_DISABLED, and THRESHOLD_KEY_NOT_FOUND for every other. */
export async function ownedEcdsaKey(
  parts: Pick<ThresholdParts, "store" | "config">,
  caller: Caller,
  keyId: string,
): Promise<ThresholdKeyRecord> {
  const record = await ownedKey(parts, caller, keyId);
  if (record.schemeId !== ECDSA_SCHEME) throw keyNotFound();
  return record;
}
