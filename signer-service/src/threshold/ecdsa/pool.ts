import type { Caller } from "../caller.ts";
import type { ThresholdParts } from "../threshold-parts.ts";
import { ownedEcdsaKey } from "./owned-ecdsa-key.ts";

/** What a key's pool holds, and what it should and may. */
export interface PresignaturePool {
  /** Of presignatures that can be used, oldest first. */
  readonly ids: readonly Uint8Array[];
  readonly refillBelow: number;
  readonly capacity: number;
}

/** The pool of a key of the caller. Throws THRESHOLD_KEY_NOT_FOUND and THRESHOLD_DISABLED. */
export async function presignaturePool(
  parts: ThresholdParts,
  caller: Caller,
  keyId: string,
): Promise<PresignaturePool> {
  const { tenant, user, epoch } = await ownedEcdsaKey(parts, caller, keyId);
  const ids = await parts.ecdsa.pool({ tenant, user }, keyId, epoch);
  const { refillBelow, capacity } = parts.config().presign;
  return { ids, refillBelow, capacity };
}
