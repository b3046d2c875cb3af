import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { originsOf, servedTenant } from "../served-tenant.ts";
import type { ThresholdParts } from "../threshold-parts.ts";
import type { ThresholdKeyRecord } from "../threshold-store.ts";
import { type Assertion, invalidAssertion, verifyAssertion } from "./verify-assertion.ts";

/**
 * Takes an assertion over `challenge` by one of the key's own passkeys, whose public key is that of the key's record.
 * Throws ASSERTION_INVALID, USER_VERIFICATION_MISSING and PASSKEY_COUNTER_WENT_BACK.
 */
export async function takeAdmittedAssertion(
  { store, config }: Pick<ThresholdParts, "store" | "config">,
  record: ThresholdKeyRecord,
  assertion: Assertion,
  challenge: Uint8Array,
): Promise<void> {
  const admitted = record.credentials.find(({ id }) => Buffer.compare(id, assertion.credentialId) === 0);
  if (admitted === undefined) throw invalidAssertion();
  const origins = originsOf(servedTenant(config(), record.tenant), record.rpId) ?? [];
  const { publicKey } = admitted;
  const counter = await verifyAssertion(assertion, { challenge, rpId: record.rpId, origins, publicKey });
  await noteCounter(store, record.keyId, assertion.credentialId, counter);
}

/** Throws PASSKEY_COUNTER_WENT_BACK. */
export async function noteCounter(
  store: ThresholdParts["store"],
  keyId: string,
  credentialId: Uint8Array,
  counter: number,
): Promise<void> {
  if (await store.noteCounter(keyId, credentialId, counter)) return;
  throw new DomainError(
    ErrorReason.PASSKEY_COUNTER_WENT_BACK,
    "the authenticator's counter did not rise: the passkey may have been copied",
  );
}
