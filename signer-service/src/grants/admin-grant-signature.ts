import { type KeyObject, sign } from "node:crypto";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { decodeAdminGrant, encodeAdminGrant, type SignedAdminGrant } from "./admin-grant-codec.ts";
import type { AdminGrant, KeptAdminGrant } from "./admin-grants.ts";
import { inDomain, type SigningDomain } from "./signing-domain.ts";
import { isSignedBy, type TrustedKeys } from "./trusted-keys.ts";

const DOMAIN: SigningDomain = "countersign admin grant v1";

/** Whose admin grants a signer takes. */
export interface AdminGrantTrust {
  readonly adminKeys: TrustedKeys;
  /** The name under which grants address this signer. */
  readonly audience: string;
}

/** Signs a grant with an admin's Ed25519 key. Throws ADMIN_GRANT_INVALID for a grant that is none. */
export function signAdminGrant(grant: AdminGrant, adminKeyId: string, key: KeyObject): SignedAdminGrant {
  const grantBytes = encodeAdminGrant(grant);
  return { grantBytes, adminKeyId, signature: sign(null, inDomain(DOMAIN, grantBytes), key) };
}

/**
 * Reads a grant that an admin key signed for this signer and that has not expired; it may begin to hold later. Throws
 * ADMIN_GRANT_INVALID.
 */
export function verifyAdminGrant(signed: SignedAdminGrant, trust: AdminGrantTrust, now: Date): AdminGrant {
  const signature = { keyId: signed.adminKeyId, signature: signed.signature };
  if (!isSignedBy(trust.adminKeys, DOMAIN, signed.grantBytes, signature)) {
    throw invalid("the admin grant is not signed by an admin key that the signer knows");
  }
  const grant = decodeAdminGrant(signed.grantBytes);
  if (grant.audience !== trust.audience) throw invalid("the admin grant is for another signer");
  if (grant.expiresAt <= now) throw invalid("the admin grant has expired");
  return grant;
}

/**
 * The kept grants that hold now: neither revoked nor used, and verified again from their bytes, because the store is
 * not trusted to make grants and admin keys come and go.
 */
export function grantsThatHold(
  kept: readonly KeptAdminGrant[],
  trust: AdminGrantTrust,
  now: Date,
): AdminGrant[] {
  return kept.flatMap((entry) => {
    if (entry.revoked || entry.used) return [];
    try {
      const grant = verifyAdminGrant(entry, trust, now);
      return grant.notBefore <= now ? [grant] : [];
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return [];
    }
  });
}

function invalid(message: string): DomainError {
  return new DomainError(ErrorReason.ADMIN_GRANT_INVALID, message);
}
