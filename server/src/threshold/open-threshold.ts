import { EcdsaSigningService } from "@countersign/gen/countersign/threshold/v1/ecdsa_service_pb.ts";
import { Ed25519SigningService } from "@countersign/gen/countersign/threshold/v1/ed25519_service_pb.ts";
import { ThresholdKeyService } from "@countersign/gen/countersign/threshold/v1/threshold_key_service_pb.ts";
import { type ServedService, serve } from "@countersign/service-kit";
import type { RelayConfig } from "../config/config.ts";
import type { Users } from "../session/ports.ts";
import type { ThresholdSigner } from "../signer-client/threshold-signer.ts";
import type { Directory } from "../tenant/directory.ts";
import { ecdsaSigningService } from "./ecdsa-signing-service.ts";
import { ed25519SigningService } from "./ed25519-signing-service.ts";
import type { ThresholdContext } from "./threshold-context.ts";
import { thresholdKeyService } from "./threshold-key-service.ts";

export interface ThresholdOptions {
  readonly config: Pick<RelayConfig, "network" | "foreignSuffixes" | "signer" | "threshold">;
  readonly signer: ThresholdSigner;
  readonly directory: Pick<Directory, "signIn">;
  /** Undefined for a relay at which nobody signs in. */
  readonly users: Users | undefined;
  readonly withdrawal: ThresholdContext["withdrawal"];
}

/**
 * The services of countersign.threshold.v1. A relay that has no threshold keys serves them too: a wallet learns
 * THRESHOLD_DISABLED from it, as from its signer, and not that it has mistyped a path.
 */
export function openThreshold(options: ThresholdOptions): ServedService[] {
  const { config, signer, directory, users, withdrawal } = options;
  const context: ThresholdContext = {
    enabled: config.threshold.enabled,
    network: config.network,
    foreignSuffixes: config.foreignSuffixes,
    signer,
    signerTimeoutMs: config.signer.timeoutMs,
    users,
    signIn: (tenant) => directory.signIn(tenant),
    withdrawal,
  };
  return [
    serve(ThresholdKeyService, thresholdKeyService(context)),
    serve(Ed25519SigningService, ed25519SigningService(context)),
    serve(EcdsaSigningService, ecdsaSigningService(context)),
  ];
}
