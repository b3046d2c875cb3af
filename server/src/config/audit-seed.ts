import { Secret } from "@countersign/service-kit";
import { AuditKey, DEVELOPMENT_AUDIT_SEED } from "../audit/audit-key.ts";
import { isSeed } from "../signing-seed.ts";

/** Whether it is the seed that development has by default, however it is written. */
export function isDevelopmentSeed(seed: Secret<string>): boolean {
  return isSeed(seed) && publicKeyOf(seed) === publicKeyOf(new Secret(DEVELOPMENT_AUDIT_SEED));
}

function publicKeyOf(seed: Secret<string>): string {
  return AuditKey.fromSeed(seed).publicKey;
}
