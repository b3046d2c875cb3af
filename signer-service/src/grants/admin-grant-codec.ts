import { create, fromBinary, toBinary, toJsonString } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromDate, timestampMs } from "@bufbuild/protobuf/wkt";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import {
  type AdminGrant as AdminGrantMessage,
  AdminGrantSchema,
  SignedAdminGrantSchema,
} from "@countersign/gen/countersign/signer/v1/signer_admin_pb.ts";
import { isPublicKey, isValidAccountId } from "@countersign/near";
import { DomainError } from "@countersign/service-kit";
import type { AdminGrant, KeyPoolGrant } from "./admin-grants.ts";

/** The contract's own bound on a serialized AdminGrant. */
const MAX_BYTES = 4_096;
const HASH_BYTES = 32;
const MAX_AUDIENCE = 128;
/** 9999-12-31T23:59:59Z, the last second of a Timestamp, in milliseconds. */
const LAST_MS = 253_402_300_799_000;

/** The contract's own bounds on what a pool's grant says. */
const MAX_POOL_KEYS = 256;
const POOL_PREFIX = /^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$/;
const MAX_BACKEND = 64;

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const NETWORK = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** An admin grant as it travels: the bytes that are signed, and the signature (64 bytes). */
export interface SignedAdminGrant {
  readonly grantBytes: Uint8Array;
  readonly adminKeyId: string;
  readonly signature: Uint8Array;
}

/** The grant as a serialized countersign.signer.v1.AdminGrant. Throws ADMIN_GRANT_INVALID for one that is none. */
export function encodeAdminGrant(grant: AdminGrant): Uint8Array {
  assertWellFormed(grant);
  return toBinary(AdminGrantSchema, adminGrantMessage(grant));
}

/** The grant as a countersign.signer.v1.AdminGrant. */
export function adminGrantMessage({
  id,
  audience,
  notBefore,
  expiresAt,
  allows,
}: AdminGrant): AdminGrantMessage {
  return create(AdminGrantSchema, {
    id,
    audience,
    notBefore: timestampFromDate(notBefore),
    expiresAt: timestampFromDate(expiresAt),
    grant:
      allows.kind === "key_management"
        ? { case: "keyManagement", value: allows }
        : { case: "journalRepair", value: allows },
  });
}

/** Reads what `encodeAdminGrant` gives. Throws ADMIN_GRANT_INVALID, also for fields that this signer does not know. */
export function decodeAdminGrant(bytes: Uint8Array): AdminGrant {
  if (bytes.length > MAX_BYTES) throw invalid(`an admin grant has at most ${MAX_BYTES} bytes`);
  let message: AdminGrantMessage;
  try {
    message = fromBinary(AdminGrantSchema, bytes);
  } catch (cause) {
    throw invalid("the admin grant cannot be read", cause);
  }
  const { case: kind, value } = message.grant;
  const parts = [message, value, kind === "keyManagement" ? value.pool : undefined];
  if (parts.some((part) => part?.$unknown !== undefined)) {
    throw invalid("the admin grant holds unknown fields");
  }
  const { id, audience } = message;
  const grant = {
    id,
    audience,
    notBefore: dateOf(message.notBefore),
    expiresAt: dateOf(message.expiresAt),
    allows: allowsOf(message.grant),
  };
  assertWellFormed(grant);
  return grant;
}

/** The JSON (protobuf's) of a countersign.signer.v1.SignedAdminGrant, for a file that an operator installs. */
export function signedAdminGrantJson({ grantBytes, adminKeyId, signature }: SignedAdminGrant): string {
  const message = create(SignedAdminGrantSchema, { grant: grantBytes, adminKeyId, signature });
  return toJsonString(SignedAdminGrantSchema, message, { prettySpaces: 2 });
}

function allowsOf(grant: AdminGrantMessage["grant"]): AdminGrant["allows"] {
  switch (grant.case) {
    case "keyManagement": {
      const { network, accountId, mayAdd, mayDelete, pool } = grant.value;
      const allows = { kind: "key_management", network, accountId, mayAdd, mayDelete } as const;
      return pool === undefined ? allows : { ...allows, pool: poolOf(pool) };
    }
    case "journalRepair": {
      const { network, accountId, publicKey, nonce, oldPayloadHash } = grant.value;
      return { kind: "journal_repair", network, accountId, publicKey, nonce, oldPayloadHash };
    }
    case undefined:
      throw invalid("the admin grant allows nothing that the signer knows");
  }
}

function assertWellFormed({ id, audience, notBefore, expiresAt, allows }: AdminGrant): void {
  if (!ID.test(id))
    throw invalid("an admin grant's id has 1 to 64 letters, digits, dots, dashes, underscores");
  if (audience === "" || audience.length > MAX_AUDIENCE) throw invalid("an admin grant names its audience");
  // Also false for a date that is none.
  if (!(notBefore.getTime() < expiresAt.getTime() && expiresAt.getTime() <= LAST_MS)) {
    throw invalid("an admin grant ends after it begins");
  }
  if (!NETWORK.test(allows.network)) throw invalid("an admin grant names a network");
  if (!isValidAccountId(allows.accountId)) throw invalid("an admin grant names a NEAR account");
  if (allows.kind === "key_management") {
    if (allows.pool !== undefined) assertPool(allows.pool);
    return;
  }
  if (!isPublicKey(allows.publicKey)) throw invalid("a repair names a public key");
  if (allows.oldPayloadHash.length !== HASH_BYTES) throw invalid("a repair names a payload hash of 32 bytes");
}

function poolOf({ keyIdPrefix, backend, maxKeys, minActive }: KeyPoolGrant): KeyPoolGrant {
  return { keyIdPrefix, backend, maxKeys, minActive };
}

function assertPool({ keyIdPrefix, backend, maxKeys, minActive }: KeyPoolGrant): void {
  if (!POOL_PREFIX.test(keyIdPrefix)) {
    throw invalid("a pool's key ids begin with 1 to 48 letters, digits, dots, dashes, underscores");
  }
  if (backend === "" || backend.length > MAX_BACKEND) throw invalid("a pool names the backend of its keys");
  const isCount = (keys: number) => Number.isInteger(keys) && keys >= 1 && keys <= MAX_POOL_KEYS;
  if (!isCount(maxKeys) || !isCount(minActive)) throw invalid(`a pool has 1 to ${MAX_POOL_KEYS} keys`);
  if (minActive > maxKeys) throw invalid("a pool has no more active keys than keys");
}

function dateOf(timestamp: Timestamp | undefined): Date {
  if (timestamp === undefined) throw invalid("an admin grant says from when and until when it holds");
  return new Date(timestampMs(timestamp));
}

function invalid(message: string, cause?: unknown): DomainError {
  return new DomainError(ErrorReason.ADMIN_GRANT_INVALID, message, { cause });
}
