import { exportChallenge } from "@countersign/crypto/assertion-challenge.ts";
import { type Sealed, sealTo } from "@countersign/crypto/hpke.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { takeAdmittedAssertion } from "../assertions/admitted-assertion.ts";
import { takeNonce } from "../assertions/nonces.ts";
import type { Assertion } from "../assertions/verify-assertion.ts";
import type { Caller } from "../caller.ts";
import { ownedKey } from "../keys/owned-key.ts";
import { useRelayerHalf } from "../keys/relayer-half.ts";
import { servedTenant } from "../served-tenant.ts";
import type { ThresholdParts } from "../threshold-parts.ts";
import type { ThresholdKeyRecord } from "../threshold-store.ts";

/** What a wallet sends to export a key. */
export interface ExportWish {
  readonly keyId: string;
  readonly nonce: Uint8Array;
  /** The wallet's ephemeral HPKE key: X25519, 32 bytes. */
  readonly recipientPublicKey: Uint8Array;
  readonly assertion: Assertion;
}

export interface ExportedShare extends Sealed {
  readonly record: ThresholdKeyRecord;
}

/**
 * Seals the relayer's share for a wallet whose passkey signed the recipient's key: no relay can put its own in place.
 * Throws EXPORT_DISABLED, THRESHOLD_KEY_NOT_FOUND, THRESHOLD_CHALLENGE_INVALID, ASSERTION_INVALID,
 * USER_VERIFICATION_MISSING, PASSKEY_COUNTER_WENT_BACK, RATE_LIMITED, ROUND_MESSAGE_INVALID,
 * MASTER_SECRET_UNAVAILABLE, THRESHOLD_KEY_BROKEN and THRESHOLD_DISABLED.
 */
export async function exportShare(
  parts: ThresholdParts,
  caller: Caller,
  { keyId, nonce, recipientPublicKey, assertion }: ExportWish,
): Promise<ExportedShare> {
  const config = parts.config();
  if (!servedTenant(config, caller.tenant).export) {
    throw new DomainError(ErrorReason.EXPORT_DISABLED, "the tenant's shares do not leave the signer");
  }
  const record = await ownedKey(parts, caller, keyId);
  await takeNonce(parts, caller, "export", record, nonce);
  const challenge = exportChallenge({ tenant: caller.tenant, keyId, recipientPublicKey, nonce });
  await takeAdmittedAssertion(parts, record, assertion, challenge);
  // Only now: nobody but who holds the passkey uses the allowance up.
  parts.exportRates.take(record, config.exports);
  const sealed = await useRelayerHalf(parts, record, ({ share }) =>
    sealTo(recipientPublicKey, challenge, share).catch((cause: unknown) => {
      const message = "the recipient's key is no X25519 public key that can be sealed to";
      throw new DomainError(ErrorReason.ROUND_MESSAGE_INVALID, message, { cause });
    }),
  );
  return { ...sealed, record };
}
