import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ApiKeySchema } from "@countersign/gen/countersign/admin/v1/api_key_pb.ts";
import type { ApiKey } from "../../ledger/protection-types.ts";
import { scopeMessages } from "./scopes.ts";

/** A key without its secret's hash. */
export function apiKeyMessage(key: ApiKey): MessageInitShape<typeof ApiKeySchema> {
  const { expiresAt, revokedAt, lastUsedAt } = key;
  return {
    id: key.id,
    tenant: key.tenant,
    displayName: key.displayName,
    scopes: scopeMessages(key.scopes),
    createTime: timestampFromDate(key.createdAt),
    ...(expiresAt === null ? {} : { expireTime: timestampFromDate(expiresAt) }),
    ...(revokedAt === null ? {} : { revokeTime: timestampFromDate(revokedAt) }),
    ...(lastUsedAt === null ? {} : { lastUseTime: timestampFromDate(lastUsedAt) }),
    rotatedFrom: key.rotatedFrom ?? "",
  };
}
