import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { RelayerHalf, SchemeModule, ShareFacts } from "../schemes/scheme-module.ts";
import { schemeOf } from "../schemes/scheme-registry.ts";
import type { ThresholdParts } from "../threshold-parts.ts";
import type { ThresholdKeyRecord } from "../threshold-store.ts";

type Parts = Pick<ThresholdParts, "masterSecrets">;

type Use<T> = (half: RelayerHalf, scheme: SchemeModule) => T | Promise<T>;

/**
 * Derives the relayer's half of a key for as long as `use` takes, and wipes it. The half is derived again each time and
 * is compared with the key's id. Throws THRESHOLD_KEY_BROKEN and MASTER_SECRET_UNAVAILABLE.
 */
export async function useRelayerHalf<T>(
  { masterSecrets }: Parts,
  record: ThresholdKeyRecord,
  use: Use<T>,
): Promise<T> {
  const scheme = schemeOf(record.schemeId);
  const half = derive(masterSecrets, scheme, record.epoch, record);
  try {
    if (half.keyId !== record.keyId) throw brokenKey();
    return await use(half, scheme);
  } finally {
    half.share.fill(0);
  }
}

/** The relayer's half of the key that a client's share makes in an epoch. Whoever asks wipes its share. */
export function derive(
  masterSecrets: Parts["masterSecrets"],
  scheme: SchemeModule,
  epoch: number,
  facts: ShareFacts,
): RelayerHalf {
  const name = { scheme: scheme.id, network: facts.network, epoch };
  return masterSecrets.use(name, (secret) => scheme.derive(secret, facts));
}

/** THRESHOLD_KEY_BROKEN. */
export function brokenKey(): DomainError {
  return new DomainError(
    ErrorReason.THRESHOLD_KEY_BROKEN,
    "derived again, the key is not the one that its id names",
  );
}
