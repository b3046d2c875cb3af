import { giveChallenge, type NonceUse } from "../assertions/nonces.ts";
import type { Caller } from "../caller.ts";
import type { ThresholdParts } from "../threshold-parts.ts";
import { ownedKey } from "./owned-key.ts";

/** A nonce for an assertion of one of the key's passkeys. Throws what `ownedKey` throws. */
export async function createNonce(
  parts: ThresholdParts,
  caller: Caller,
  keyId: string,
  use: NonceUse,
): Promise<{ readonly nonce: Uint8Array; readonly expiresAt: Date }> {
  await ownedKey(parts, caller, keyId);
  const owner = { tenant: caller.tenant, user: caller.user };
  const { challenge: nonce, expiresAt } = await giveChallenge(parts, { use, owner, keyId });
  return { nonce, expiresAt };
}
