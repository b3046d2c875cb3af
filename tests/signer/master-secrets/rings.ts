import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigSecret } from "@countersign/service-kit";
import type { BackendConfig } from "@countersign/signer-service/backends/backends-schema.ts";
import { openBackends } from "@countersign/signer-service/backends/open-backends.ts";
import {
  sealedFileText,
  sealingContext,
} from "@countersign/signer-service/threshold/master-secrets/sealed-file.ts";
import { secretWord } from "@countersign/signer-service/threshold/master-secrets/secret-name.ts";
import {
  SecretRing,
  type SecretRingOptions,
  type SecretsConfig,
} from "@countersign/signer-service/threshold/master-secrets/secret-ring.ts";
import { ED25519_SCHEME } from "@countersign/signer-service/threshold/schemes/scheme-ids.ts";
import type { MasterSecretSource } from "@countersign/signer-service/threshold/threshold-config.ts";
import { onTestFinished } from "vitest";
import { temporaryDirectory } from "../support/temporary-directory.ts";

export const bytes = (fill: number) => new Uint8Array(32).fill(fill);

/** A secret by reference, of one byte again and again. */
export function given(
  network: string,
  epoch: number,
  fill: number,
  scheme: string = ED25519_SCHEME,
): MasterSecretSource {
  const secret = new ConfigSecret(Buffer.from(bytes(fill)).toString("hex"), "env:SECRET");
  return { scheme, network, epoch, kind: "reference", secret };
}

type SealedSource = Extract<MasterSecretSource, { readonly kind: "sealed" }>;

export interface SealedNames {
  readonly network: string;
  readonly epoch: number;
  /** Default: Ed25519's. */
  readonly scheme?: string;
  /** What the file says that it is for; default: what it is sealed for. */
  readonly claims?: { readonly scheme?: string; readonly network: string; readonly epoch: number };
}

/** A sealed file, as the command makes it, with its place in the configuration. */
export async function sealedUnder(
  config: BackendConfig,
  key: string,
  { scheme = ED25519_SCHEME, network, epoch, claims = { network, epoch } }: SealedNames,
  secret: Uint8Array,
): Promise<SealedSource> {
  const [backend] = await openBackends([config]);
  const sealer = backend?.sealer;
  if (sealer === undefined) throw new Error("it seals nothing");
  await sealer.makeKey?.(key);
  const sealed = await sealer.seal(key, secret, sealingContext({ scheme, network, epoch }));
  await backend?.close();
  const file = join(temporaryDirectory(), "sealed.json");
  const claimed = { scheme, ...claims };
  writeFileSync(file, sealedFileText({ ...claimed, wrappedBy: config.type, sealed }));
  return { ...claimed, kind: "sealed", file, backend: config.name, key };
}

export function configOf(
  sources: readonly MasterSecretSource[],
  backends: readonly BackendConfig[] = [],
): SecretsConfig {
  const sessions = { defaultLifetimeSeconds: 900, maxLifetimeSeconds: 900, defaultUses: 1, maxUses: 1 };
  const exports = { userPerHour: 1, tenantPerHour: 1 };
  const presign = {
    ...{ perSession: 1, perUserDay: 1, capacity: 1, refillBelow: 1 },
    ...{ concurrent: 1, concurrentPerTenant: 1, concurrentPerUser: 1 },
  };
  return {
    backends,
    threshold: { sealingKeys: [], masterSecrets: sources, tenants: [], sessions, presign, exports },
  };
}

export interface TestRing {
  readonly ring: SecretRing;
  /** What was told, in order: "held testnet/1", "away testnet/1: …". */
  readonly told: readonly string[];
  /** Lets what waits to try again do so. */
  tryAgain(): void;
}

/** A ring that waits for `tryAgain` in place of a minute, until the test ends. */
export async function openRing(
  config: SecretsConfig,
  { epochsInUse = async () => [], openBackends: open = openBackends }: Partial<SecretRingOptions> = {},
): Promise<TestRing> {
  const told: string[] = [];
  const waiting = new Set<() => void>();
  const ring = await SecretRing.open(
    {
      openBackends: open,
      epochsInUse,
      events: {
        masterSecretHeld: (secret) => told.push(`held ${secretWord(secret, "/")}`),
        masterSecretAway: (secret) => told.push(`away ${secretWord(secret, "/")}: ${secret.problem}`),
      },
      wait: (_, signal) =>
        new Promise<void>((resolve, reject) => {
          waiting.add(resolve);
          signal.addEventListener("abort", reject, { once: true });
        }),
    },
    config,
  );
  onTestFinished(() => ring.close());
  const tryAgain = () => {
    for (const resolve of waiting) resolve();
    waiting.clear();
  };
  return { ring, told, tryAgain };
}

/** A copy of the secret; the name of the reason when it cannot be had. */
export function secretOf(
  ring: SecretRing,
  network: string,
  epoch: number,
  scheme: string = ED25519_SCHEME,
): Uint8Array {
  return ring.use({ scheme, network, epoch }, (secret) => Uint8Array.from(secret));
}
