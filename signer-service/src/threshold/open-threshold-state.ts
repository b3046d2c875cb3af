import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { SignerEvents } from "../observability/events.ts";
import { sealsWith } from "../sealing/sealing-keys.ts";
import type { SignerStore } from "../store/signer-store.ts";
import type { EcdsaStore } from "./ecdsa/ecdsa-store.ts";
import type { MasterSecrets } from "./master-secrets/master-secrets.ts";
import {
  type MasterSecretState,
  SecretRing,
  type SecretRingOptions,
  type SecretsConfig,
} from "./master-secrets/secret-ring.ts";
import type { SigningsOptions } from "./store/signings.ts";
import type { ThresholdConfig } from "./threshold-config.ts";
import type { ThresholdStore } from "./threshold-store.ts";

export interface ThresholdStateOptions extends Pick<SecretRingOptions, "openBackends" | "wait"> {
  readonly store: Pick<SignerStore, "threshold" | "ecdsa" | "epochsInUse">;
  readonly events: Pick<SignerEvents, "masterSecretHeld" | "masterSecretAway" | "signingUnreadable">;
}

/** What threshold signing rests on: its store, its secrets, and the configuration in effect. */
export interface ThresholdState {
  readonly store: ThresholdStore;
  readonly ecdsa: EcdsaStore;
  readonly masterSecrets: MasterSecrets;
  /** The section in effect. Throws THRESHOLD_DISABLED without one. */
  config(): ThresholdConfig;
  /** How each master secret is. */
  secretStates(): MasterSecretState[];
  /** A FollowsConfig: checks and loads what a new configuration says, and gives what puts it in effect. */
  follow(next: SecretsConfig): Promise<() => void>;
  /** Wipes the master secrets. */
  close(): void;
}

/** Opens it for a configuration with or without the section. Throws an Error that tells the operator what is wrong. */
export async function openThresholdState(
  { store, openBackends, wait, events }: ThresholdStateOptions,
  config: SecretsConfig,
): Promise<ThresholdState> {
  const ringOptions = { openBackends, wait, events, epochsInUse: () => store.epochsInUse() };
  const ring = await SecretRing.open(ringOptions, config);
  let section = config.threshold;
  let seals = section && sealsWith(section.sealingKeys);
  const inEffect = <T>(value: T | undefined): T => {
    if (value !== undefined) return value;
    throw new DomainError(ErrorReason.THRESHOLD_DISABLED, "the signer serves no threshold signing");
  };
  const stateOptions: SigningsOptions = {
    seals: () => inEffect(seals),
    onUnreadable: (id) => events.signingUnreadable(id),
  };
  return {
    store: store.threshold(stateOptions),
    ecdsa: store.ecdsa(stateOptions),
    masterSecrets: ring,
    config: () => inEffect(section),
    secretStates: () => ring.states(),
    async follow(next) {
      const putSecrets = await ring.follow(next);
      const nextSeals = next.threshold && sealsWith(next.threshold.sealingKeys);
      return () => {
        putSecrets();
        section = next.threshold;
        seals = nextSeals;
      };
    },
    close: () => ring.close(),
  };
}
