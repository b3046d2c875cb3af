import { type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type CreateApiKeyRequest,
  CreateApiKeyRequestSchema,
  type CreateApiKeyResponseSchema,
} from "@countersign/gen/countersign/admin/v1/api_key_pb.ts";
import { mintApiKey } from "../../access/api-key.ts";
import type { ApiKey } from "../../ledger/protection-types.ts";
import { type AdminContext, auditEvent } from "../admin-context.ts";
import { tenantNotFound } from "../find-tenant.ts";
import { apiKeyMessage } from "./api-key-message.ts";
import { callIdentity } from "./call-identity.ts";
import { idempotencyKeyReused } from "./key-errors.ts";
import { boundedMs } from "./lifetime.ts";
import { scopesFrom } from "./scopes.ts";

export function createApiKey(context: AdminContext) {
  return async (
    request: CreateApiKeyRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof CreateApiKeyResponseSchema>> => {
    const { tenant, displayName, lifetime, idempotencyKey } = request;
    const minted = mintApiKey(context.randomBytes);
    const createdAt = context.now();
    const key: ApiKey = {
      id: minted.id,
      tenant,
      displayName,
      scopes: scopesFrom(request.scopes),
      secretHash: context.hasher.hash(minted),
      createdAt,
      expiresAt:
        lifetime === undefined ? null : new Date(createdAt.getTime() + boundedMs("lifetime", lifetime, 1)),
      revokedAt: null,
      lastUsedAt: null,
      rotatedFrom: null,
    };
    const body = toBinary(CreateApiKeyRequestSchema, { ...request, idempotencyKey: "" });
    const result = await context.ledger.createApiKey(
      key,
      callIdentity("CreateApiKey", idempotencyKey, body),
      auditEvent(context, call, {
        tenant,
        kind: "key.created",
        detail: {
          key_id: key.id,
          display_name: displayName,
          scopes: key.scopes.join(" "),
          expires_at: key.expiresAt?.toISOString() ?? "never",
        },
      }),
    );
    switch (result.outcome) {
      case "tenant-not-found":
        throw tenantNotFound(tenant);
      case "key-reused":
        throw idempotencyKeyReused();
      case "repeated":
        return { key: apiKeyMessage(result.key) };
      case "created":
        await context.directory.refresh();
        return { key: apiKeyMessage(result.key), secret: minted.text.reveal() };
    }
  };
}
