import { keyChallenge } from "@countersign/crypto/assertion-challenge.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { noteCounter } from "../assertions/admitted-assertion.ts";
import { takeChallenge } from "../assertions/nonces.ts";
import { type Assertion, verifyAssertion } from "../assertions/verify-assertion.ts";
import { type Caller, isOwn } from "../caller.ts";
import type { PossessionFacts, SchemeModule } from "../schemes/scheme-module.ts";
import { schemeOf } from "../schemes/scheme-registry.ts";
import { originsOf, servedTenant } from "../served-tenant.ts";
import type { ThresholdParts } from "../threshold-parts.ts";
import { type AdmittedCredential, MAX_KEYS_OF_A_USER, type ThresholdKeyRecord } from "../threshold-store.ts";
import { brokenKey, derive, useRelayerHalf } from "./relayer-half.ts";

/** What a wallet sends to create a key, and the public key of the passkey that asserts it. */
export interface FinishedKey {
  readonly challenge: Uint8Array;
  readonly clientVerifyingShare: Uint8Array;
  readonly clientProof: Uint8Array;
  readonly assertion: Assertion;
  /** COSE form, as the relay has it on record. */
  readonly credentialPublicKey: Uint8Array;
}

export interface CreatedKey {
  readonly record: ThresholdKeyRecord;
  readonly scheme: SchemeModule;
  readonly relayerProof: Uint8Array;
  /** False for one that was there before. */
  readonly isNew: boolean;
}

/**
 * Creates a key, or finds the one that the client's share makes already in any epoch that is served: a new epoch never
 * changes an existing key. The relayer's share is derived here and not stored. Throws THRESHOLD_CHALLENGE_INVALID,
 * ROUND_MESSAGE_INVALID, POSSESSION_PROOF_INVALID, ASSERTION_INVALID, USER_VERIFICATION_MISSING, THRESHOLD_KEY_EXISTS,
 * PASSKEY_COUNTER_WENT_BACK, THRESHOLD_KEY_LIMIT_REACHED, THRESHOLD_KEY_BROKEN, MASTER_SECRET_UNAVAILABLE and
 * THRESHOLD_DISABLED.
 */
export async function finishKey(
  parts: ThresholdParts,
  caller: Caller,
  { challenge, clientVerifyingShare, clientProof, assertion, credentialPublicKey }: FinishedKey,
): Promise<CreatedKey> {
  const tenant = servedTenant(parts.config(), caller.tenant);
  const binding = await takeChallenge(parts, caller, "key", challenge);
  const { owner, accountId, rpId, network, epoch } = binding;
  const origins = originsOf(tenant, rpId) ?? [];
  const scheme = schemeOf(binding.schemeId);
  const facts: PossessionFacts = { ...owner, accountId, rpId, network, challenge, clientVerifyingShare };
  if (!scheme.verifyPossession(clientProof, facts)) {
    throw new DomainError(
      ErrorReason.POSSESSION_PROOF_INVALID,
      "the client's proof of possession does not hold for its share and this challenge",
    );
  }
  const counter = await verifyAssertion(assertion, {
    challenge: keyChallenge(challenge, clientVerifyingShare),
    rpId,
    origins,
    publicKey: credentialPublicKey,
  });

  const credential: AdmittedCredential = { id: assertion.credentialId, publicKey: credentialPublicKey };
  const before = await keyOfShare(parts, scheme, facts);
  const record = before ?? (await insertKey(parts, scheme, { ...facts, ...owner, epoch, credential }));
  assertSameKey(record, caller, facts, credential);
  await noteCounter(parts.store, record.keyId, credential.id, counter);
  const relayerProof = await useRelayerHalf(parts, record, (half) =>
    scheme.provePossession(half, facts, parts.random),
  );
  return { record, scheme, relayerProof, isNew: before === undefined };
}

/** The key that the client's share makes with an epoch's secret, if there is one: at most one epoch has it. */
async function keyOfShare(
  { store, masterSecrets }: ThresholdParts,
  scheme: SchemeModule,
  facts: PossessionFacts,
): Promise<ThresholdKeyRecord | undefined> {
  for (const epoch of masterSecrets.epochs(scheme.id, facts.network)) {
    const half = derive(masterSecrets, scheme, epoch, facts);
    half.share.fill(0);
    const record = await store.key(half.keyId);
    if (record === undefined) continue;
    if (record.network !== facts.network || record.epoch !== epoch) throw brokenKey();
    return record;
  }
  return undefined;
}

interface NewRecord extends PossessionFacts {
  readonly epoch: number;
  readonly credential: AdmittedCredential;
}

/**
 * Inserts the key's record; the one that stands then, which another call may have made. Throws
 * THRESHOLD_KEY_LIMIT_REACHED; calls at the same time may together go a little beyond the limit.
 */
async function insertKey(
  { store, masterSecrets, now }: ThresholdParts,
  scheme: SchemeModule,
  { credential, epoch, tenant, user, network, accountId, rpId, clientVerifyingShare }: NewRecord,
): Promise<ThresholdKeyRecord> {
  const facts = { clientVerifyingShare, accountId, rpId, network };
  const half = derive(masterSecrets, scheme, epoch, facts);
  half.share.fill(0);
  if ((await store.keysOf(tenant, [user])).length >= MAX_KEYS_OF_A_USER) {
    const message = `the user holds ${MAX_KEYS_OF_A_USER} threshold keys, as many as a user may`;
    throw new DomainError(ErrorReason.THRESHOLD_KEY_LIMIT_REACHED, message);
  }
  return store.insertKey({
    tenant,
    user,
    keyId: half.keyId,
    schemeId: scheme.id,
    network,
    accountId,
    rpId,
    clientVerifyingShare,
    relayerVerifyingShare: half.verifyingShare,
    epoch,
    credentials: [credential],
    createdAt: now(),
  });
}

/** Throws THRESHOLD_KEY_EXISTS for a key of another owner, account, relying party or passkey. */
function assertSameKey(
  record: ThresholdKeyRecord,
  caller: Caller,
  { accountId, rpId, clientVerifyingShare }: PossessionFacts,
  credential: AdmittedCredential,
): void {
  const isSame =
    isOwn(caller, record) &&
    record.accountId === accountId &&
    record.rpId === rpId &&
    Buffer.compare(record.clientVerifyingShare, clientVerifyingShare) === 0 &&
    record.credentials.some(
      ({ id, publicKey }) =>
        Buffer.compare(id, credential.id) === 0 && Buffer.compare(publicKey, credential.publicKey) === 0,
    );
  if (isSame) return;
  throw new DomainError(
    ErrorReason.THRESHOLD_KEY_EXISTS,
    "the key is registered for another user, account or passkey",
  );
}
