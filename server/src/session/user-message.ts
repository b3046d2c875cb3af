import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { IdentitySchema, UserSchema } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import type { IdentityRecord, UserRecord } from "./ports.ts";

export function userMessage({ id, identities, createdAt }: UserRecord): MessageInitShape<typeof UserSchema> {
  return { id, identities: identities.map(identityMessage), createTime: timestampFromDate(createdAt) };
}

export function identityMessage({
  id,
  createdAt,
  kind,
}: IdentityRecord): MessageInitShape<typeof IdentitySchema> {
  const createTime = timestampFromDate(createdAt);
  if (kind.case === "provider") {
    const { providerId, subject } = kind.account;
    return { id, createTime, kind: { case: "providerAccount", value: { providerId, subject } } };
  }
  const { credentialId, rpId, name, backedUp, transports } = kind.passkey;
  const value = { credentialId, rpId, name, backedUp, transports: [...transports] };
  return { id, createTime, kind: { case: "passkey", value } };
}
