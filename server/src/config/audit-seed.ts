import { Secret } from "@countersign/service-kit";
import { AuditKey, DEVELOPMENT_AUDIT_SEED, seedBytes } from "../audit/audit-key.ts";

/** Whether the audit log's key can be made of it. */
export function isAuditSeed(seed: Secret<string>): boolean {
  return publicKeyOf(seed) !== undefined;
}

/** Whether it is the seed that development has by default, however it is written. */
export function isDevelopmentSeed(seed: Secret<string>): boolean {
  return publicKeyOf(seed) === publicKeyOf(new Secret(DEVELOPMENT_AUDIT_SEED));
}

/** Whether the seed is one byte over and over: no one drew that at random. */
export function isOneByteSeed(seed: Secret<string>): boolean {
  if (!isAuditSeed(seed)) return false;
  return new Set(seedBytes(seed.reveal())).size === 1;
}

function publicKeyOf(seed: Secret<string>): string | undefined {
  try {
    return AuditKey.fromSeed(seed).publicKey;
  } catch {
    return undefined;
  }
}
