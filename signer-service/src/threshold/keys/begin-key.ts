import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { giveChallenge } from "../assertions/nonces.ts";
import type { Caller } from "../caller.ts";
import { schemeOf } from "../schemes/scheme-registry.ts";
import { originsOf, servedTenant } from "../served-tenant.ts";
import type { ThresholdParts } from "../threshold-parts.ts";
import { assertAccountOf } from "./network-of-account.ts";

/** What a new key is to be for. */
export interface NewKey {
  readonly schemeId: string;
  readonly network: string;
  readonly accountId: string;
  readonly rpId: string;
}

/**
 * Begins a key: the challenge of the proofs, and the epoch that a new key gets. Throws THRESHOLD_DISABLED,
 * NETWORK_MISMATCH, ACCOUNT_NAME_INVALID, ACCOUNT_NETWORK_MISMATCH and RELYING_PARTY_NOT_FOUND.
 */
export async function beginKey(
  parts: ThresholdParts,
  caller: Caller,
  { schemeId, network, accountId, rpId: rpIdAsSent }: NewKey,
): Promise<{ readonly challenge: Uint8Array; readonly epoch: number }> {
  const tenant = servedTenant(parts.config(), caller.tenant);
  const { id: scheme } = schemeOf(schemeId);
  const epoch = parts.masterSecrets.currentEpoch(scheme, network);
  if (epoch === undefined) {
    throw new DomainError(
      ErrorReason.NETWORK_MISMATCH,
      "the signer has no keys of this scheme on this network",
    );
  }
  assertAccountOf(network, accountId);
  const rpId = rpIdAsSent.toLowerCase();
  if (originsOf(tenant, rpId) === undefined) {
    throw new DomainError(ErrorReason.RELYING_PARTY_NOT_FOUND, "the tenant has no relying party of this id");
  }
  const owner = { tenant: caller.tenant, user: caller.user };
  const binding = { use: "key", owner, schemeId: scheme, network, accountId, rpId, epoch } as const;
  const { challenge } = await giveChallenge(parts, binding);
  return { challenge, epoch };
}
