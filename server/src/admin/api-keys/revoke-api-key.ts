import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type {
  RevokeApiKeyRequest,
  RevokeApiKeyResponseSchema,
} from "@countersign/gen/countersign/admin/v1/api_key_pb.ts";
import { type AdminContext, auditEvent } from "../admin-context.ts";
import { apiKeyMessage } from "./api-key-message.ts";
import { apiKeyNotFound } from "./key-errors.ts";

export function revokeApiKey(context: AdminContext) {
  return async (
    { tenant, keyId, reason }: RevokeApiKeyRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof RevokeApiKeyResponseSchema>> => {
    const audit = auditEvent(context, call, {
      tenant,
      kind: "key.revoked",
      detail: { key_id: keyId, reason },
    });
    const key = await context.ledger.revokeApiKey(tenant, keyId, audit.at, audit);
    if (key === undefined) throw apiKeyNotFound(tenant, keyId);
    await context.directory.refresh();
    return { key: apiKeyMessage(key) };
  };
}
