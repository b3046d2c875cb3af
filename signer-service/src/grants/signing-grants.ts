import { fromBinary } from "@bufbuild/protobuf";
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import {
  Purpose as PurposeMessage,
  type SigningGrant,
  type SigningGrants,
  SigningGrantsSchema,
} from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { toHex } from "../chain/hash-text.ts";
import type { JournalGrant, Purpose } from "../journal/journal.ts";
import { isSignedByAsync, type TrustedKeys } from "./trusted-keys.ts";

/** The contract's own bound on serialized grants. */
const MAX_BYTES = 65_536;
const MAX_AHEAD_MS = 300_000;
const ID_BYTES = 16;
/** Longest name of a tenant or a submission. */
const MAX_NAME = 128;

const PURPOSES: Readonly<Record<PurposeMessage, Purpose | undefined>> = {
  [PurposeMessage.UNSPECIFIED]: undefined,
  [PurposeMessage.DELEGATE]: "DELEGATE",
  [PurposeMessage.ACCOUNT_CREATION]: "ACCOUNT_CREATION",
  [PurposeMessage.KEY_MANAGEMENT]: "KEY_MANAGEMENT",
  [PurposeMessage.TRANSFER]: "TRANSFER",
};

/** The relay's grants of one call as they came, and what they must be for. */
export interface SignedGrants {
  /** A serialized SigningGrants; empty when the call brought none. */
  readonly bytes: Uint8Array;
  readonly signature: { readonly keyId: string; readonly signature: Uint8Array } | undefined;
  /** The relays' grant keys. */
  readonly keys: TrustedKeys;
  /** The name under which grants address this signer. */
  readonly audience: string;
  readonly network: string;
  /** The call's transactions; each hash is SHA-256 of the unsigned bytes. */
  readonly items: readonly { readonly keyId: string; readonly payloadHash: Uint8Array }[];
  readonly now: Date;
}

/** A grant that is signed, holds now, and is for its transaction's key and bytes. */
export interface VerifiedGrant extends JournalGrant {
  /** What the relay says that the transaction is for; the signer's own finding must agree. */
  readonly purpose: Purpose;
}

/**
 * One grant for each item, in their order. That each is used once is the journal's business. Throws
 * SIGNER_GRANT_MISSING when there is not one for each item, and SIGNER_GRANT_INVALID when any is wrong: they were
 * signed together.
 */
export async function verifySigningGrants(signed: SignedGrants): Promise<VerifiedGrant[]> {
  const { bytes, signature, keys, audience, network, items, now } = signed;
  if (bytes.length === 0 || signature === undefined) throw missing("the call brings no grants");
  // Nothing of the bytes is read before the signature is known to be good.
  if (bytes.length > MAX_BYTES) throw invalid(`grants have at most ${MAX_BYTES} bytes`);
  if (!(await isSignedByAsync(keys, "countersign signing grants v1", bytes, signature))) {
    throw invalid("the grants are not signed by a key that the signer knows");
  }
  const message = decode(bytes);
  if (message.audience !== audience) throw invalid("the grants are for another signer");
  if (message.network !== network) throw invalid("the grants are for another network");
  const expiresAt = expiryOf(message.expiresAt, now);
  if (message.grants.length < items.length) throw missing("there is not a grant for each transaction");
  if (message.grants.length > items.length) throw invalid("there are more grants than transactions");
  const ids = new Set(message.grants.map(({ id }) => toHex(id)));
  if (ids.size < message.grants.length) throw invalid("a grant occurs twice");
  return items.map((item, i) => verified(message.grants[i], item, expiresAt));
}

/** A field that this signer does not know may restrict the grants, so it is refused. */
function decode(bytes: Uint8Array): SigningGrants {
  let message: SigningGrants;
  try {
    message = fromBinary(SigningGrantsSchema, bytes);
  } catch (cause) {
    throw invalid("the grants cannot be read", cause);
  }
  const parts = [message, ...message.grants];
  if (parts.some(({ $unknown }) => $unknown !== undefined)) throw invalid("the grants hold unknown fields");
  return message;
}

function expiryOf(timestamp: Timestamp | undefined, now: Date): Date {
  if (timestamp === undefined) throw invalid("the grants do not say until when they hold");
  const ms = timestampMs(timestamp);
  if (ms <= now.getTime()) throw invalid("the grants have expired");
  if (ms > now.getTime() + MAX_AHEAD_MS) throw invalid("the grants hold for more than five minutes");
  return new Date(ms);
}

function verified(
  grant: SigningGrant | undefined,
  item: { readonly keyId: string; readonly payloadHash: Uint8Array },
  expiresAt: Date,
): VerifiedGrant {
  if (grant === undefined) throw missing("there is not a grant for each transaction");
  const { id, tenant, submissionId } = grant;
  if (grant.keyId !== item.keyId) throw invalid("a grant is for another key");
  if (Buffer.compare(grant.payloadHash, item.payloadHash) !== 0) {
    throw invalid("a grant is for another transaction");
  }
  const purpose = PURPOSES[grant.purpose];
  if (purpose === undefined) throw invalid("a grant has no purpose that the signer knows");
  if (id.length !== ID_BYTES) throw invalid(`a grant's id has ${ID_BYTES} bytes`);
  if (tenant.length > MAX_NAME || submissionId.length > MAX_NAME)
    throw invalid("a grant's names are too long");
  return { id, tenant, submissionId, purpose, expiresAt };
}

function missing(message: string): DomainError {
  return new DomainError(ErrorReason.SIGNER_GRANT_MISSING, message);
}

function invalid(message: string, cause?: unknown): DomainError {
  return new DomainError(ErrorReason.SIGNER_GRANT_INVALID, message, { cause });
}
