import { type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type RotateApiKeyRequest,
  RotateApiKeyRequestSchema,
  type RotateApiKeyResponseSchema,
} from "@countersign/gen/countersign/admin/v1/api_key_pb.ts";
import { mintApiKey } from "../../access/api-key.ts";
import type { ApiKey } from "../../ledger/protection-types.ts";
import { type AdminContext, auditEvent } from "../admin-context.ts";
import { apiKeyMessage } from "./api-key-message.ts";
import { callIdentity } from "./call-identity.ts";
import { apiKeyNotFound, apiKeyNotRotated, idempotencyKeyReused } from "./key-errors.ts";
import { boundedMs } from "./lifetime.ts";

const DEFAULT_OVERLAP_MS = 24 * 60 * 60 * 1000;

export function rotateApiKey(context: AdminContext) {
  return async (
    request: RotateApiKeyRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof RotateApiKeyResponseSchema>> => {
    const { tenant, keyId, overlap, idempotencyKey } = request;
    const overlapMs = overlap === undefined ? DEFAULT_OVERLAP_MS : boundedMs("overlap", overlap, 0);
    const old = (await context.ledger.listApiKeys(tenant)).find(({ id }) => id === keyId);
    if (old === undefined) throw apiKeyNotFound(tenant, keyId);

    const now = context.now();
    const oldExpiresAt = new Date(now.getTime() + overlapMs);
    const minted = mintApiKey(context.randomBytes);
    const successor: ApiKey = {
      ...old,
      id: minted.id,
      secretHash: context.hasher.hash(minted),
      createdAt: now,
      expiresAt: sameLifetime(old, now),
      revokedAt: null,
      lastUsedAt: null,
      rotatedFrom: old.id,
    };
    const body = toBinary(RotateApiKeyRequestSchema, { ...request, idempotencyKey: "" });
    const result = await context.ledger.rotateApiKey(
      keyId,
      oldExpiresAt,
      successor,
      callIdentity("RotateApiKey", idempotencyKey, body),
      (oldKeyEndsAt) =>
        auditEvent(context, call, {
          tenant,
          kind: "key.rotated",
          detail: { key_id: keyId, new_key_id: successor.id, old_key_ends_at: oldKeyEndsAt.toISOString() },
        }),
    );
    switch (result.outcome) {
      case "not-found":
        throw apiKeyNotFound(tenant, keyId);
      case "not-active":
        throw apiKeyNotRotated(keyId);
      case "key-reused":
        throw idempotencyKeyReused();
      case "repeated":
        return { key: apiKeyMessage(result.key), oldKey: apiKeyMessage(result.oldKey) };
      case "created":
        await context.directory.refresh();
        return {
          key: apiKeyMessage(result.key),
          secret: minted.text.reveal(),
          oldKey: apiKeyMessage(result.oldKey),
        };
    }
  };
}

/** When the successor ends, so that it lives as long as the old key was to. */
function sameLifetime({ createdAt, expiresAt }: ApiKey, now: Date): Date | null {
  if (expiresAt === null) return null;
  return new Date(now.getTime() + expiresAt.getTime() - createdAt.getTime());
}
