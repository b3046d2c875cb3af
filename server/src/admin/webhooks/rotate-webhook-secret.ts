import { type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type RotateWebhookSecretRequest,
  RotateWebhookSecretRequestSchema,
  type RotateWebhookSecretResponseSchema,
} from "@countersign/gen/countersign/admin/v1/webhook_pb.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { type AdminContext, auditEvent } from "../admin-context.ts";
import { callIdentity } from "../api-keys/call-identity.ts";
import { idempotencyKeyReused } from "../api-keys/key-errors.ts";
import { boundedMs } from "../api-keys/lifetime.ts";
import { deskOf, webhookNotFound } from "./webhook-errors.ts";
import { webhookMessage } from "./webhook-message.ts";

const DEFAULT_OVERLAP_MS = 24 * 60 * 60 * 1000;
/** Secrets that sign beside the newest. */
const MAX_OTHERS = 3;

export function rotateWebhookSecret(context: AdminContext) {
  return async (
    request: RotateWebhookSecretRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof RotateWebhookSecretResponseSchema>> => {
    const { tenant, webhookId, overlap, idempotencyKey } = request;
    const desk = deskOf(context.webhooks);
    const overlapMs = overlap === undefined ? DEFAULT_OVERLAP_MS : boundedMs("overlap", overlap, 0);
    const now = context.now();
    const othersExpireAt = new Date(now.getTime() + overlapMs);
    const { stored, text } = desk.newSecret(webhookId, now);
    const body = toBinary(RotateWebhookSecretRequestSchema, { ...request, idempotencyKey: "" });
    const result = await context.ledger.rotateWebhookSecret(
      tenant,
      webhookId,
      stored,
      othersExpireAt,
      MAX_OTHERS,
      callIdentity("RotateWebhookSecret", idempotencyKey, body),
      auditEvent(context, call, {
        tenant,
        kind: "webhook.secret_rotated",
        detail: { webhook: webhookId, others_end_at: othersExpireAt.toISOString() },
      }),
    );
    switch (result.outcome) {
      case "not-found":
        throw webhookNotFound(tenant, webhookId);
      case "full": {
        const message = `webhook ${webhookId} has ${MAX_OTHERS + 1} secrets: wait until one of them ends`;
        throw new DomainError(ErrorReason.WEBHOOK_SECRETS_FULL, message);
      }
      case "key-reused":
        throw idempotencyKeyReused();
      case "repeated":
        return { webhook: webhookMessage(result.webhook) };
      case "rotated":
        await context.directory.refresh();
        return { webhook: webhookMessage(result.webhook), secret: text.reveal() };
    }
  };
}
