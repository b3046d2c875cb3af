import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { SchemeModule } from "./scheme-module.ts";
import { thresholdEcdsa } from "./threshold-ecdsa/threshold-ecdsa.ts";
import { thresholdEd25519Frost } from "./threshold-ed25519-frost/threshold-ed25519-frost.ts";

const modules: ReadonlyMap<string, SchemeModule> = new Map(
  [thresholdEd25519Frost, thresholdEcdsa].map((module) => [module.id, module]),
);

/** The module of a scheme id. Throws THRESHOLD_DISABLED for a scheme that is not served. */
export function schemeOf(schemeId: string): SchemeModule {
  const module = modules.get(schemeId);
  if (module === undefined) {
    throw new DomainError(ErrorReason.THRESHOLD_DISABLED, "the signer does not serve this scheme");
  }
  return module;
}
