import { Secret } from "@countersign/service-kit";
import { AuditKey, DEVELOPMENT_AUDIT_SEED } from "../audit/audit-key.ts";

/** Whether the audit log's key can be made of it. */
export function isAuditSeed(seed: Secret<string>): boolean {
  return publicKeyOf(seed) !== undefined;
}

/** Whether it is the seed that development has by default, however it is written. */
export function isDevelopmentSeed(seed: Secret<string>): boolean {
  return publicKeyOf(seed) === publicKeyOf(new Secret(DEVELOPMENT_AUDIT_SEED));
}

function publicKeyOf(seed: Secret<string>): string | undefined {
  try {
    return AuditKey.fromSeed(seed).publicKey;
  } catch {
    return undefined;
  }
}
