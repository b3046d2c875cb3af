import type { Transport } from "@connectrpc/connect";
import { Ed25519SigningService } from "@countersign/gen/countersign/threshold/v1/ed25519_service_pb.ts";
import { ThresholdKeyService } from "@countersign/gen/countersign/threshold/v1/threshold_key_service_pb.ts";
import { type ServedService, serve } from "@countersign/service-kit";
import { withdrawal } from "../access/admission.ts";
import type { RelayConfig } from "../config/config.ts";
import type { Users } from "../session/ports.ts";
import type { SignerFailure } from "../signer-client/signer-client.ts";
import { ThresholdSigner } from "../signer-client/threshold-signer.ts";
import type { Directory } from "../tenant/directory.ts";
import { ed25519SigningService } from "./ed25519-signing-service.ts";
import type { ThresholdContext } from "./threshold-context.ts";
import { thresholdKeyService } from "./threshold-key-service.ts";

export interface ThresholdOptions {
  readonly config: Pick<RelayConfig, "network" | "foreignSuffixes" | "signer" | "threshold">;
  /** To the signer. */
  readonly transport: Transport;
  readonly directory: Directory;
  /** Undefined for a relay at which nobody signs in. */
  readonly users: Users | undefined;
  readonly now: () => Date;
  readonly onFailure: (failure: SignerFailure) => void;
}

/**
 * The services of countersign.threshold.v1. A relay that has no threshold keys serves them too: a wallet learns
 * THRESHOLD_DISABLED from it, as from its signer, and not that it has mistyped a path.
 */
export function openThreshold(options: ThresholdOptions): ServedService[] {
  const { config, transport, directory, users, now, onFailure } = options;
  const context: ThresholdContext = {
    enabled: config.threshold.enabled,
    network: config.network,
    foreignSuffixes: config.foreignSuffixes,
    signer: new ThresholdSigner(transport, onFailure),
    signerTimeoutMs: config.signer.timeoutMs,
    users,
    signIn: (tenant) => directory.signIn(tenant),
    withdrawal: (caller, method) => withdrawal(directory, caller, method, now()),
  };
  return [
    serve(ThresholdKeyService, thresholdKeyService(context)),
    serve(Ed25519SigningService, ed25519SigningService(context)),
  ];
}
