import { type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type CreateWebhookRequest,
  CreateWebhookRequestSchema,
  type CreateWebhookResponseSchema,
} from "@countersign/gen/countersign/admin/v1/webhook_pb.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { type AdminContext, auditEvent } from "../admin-context.ts";
import { callIdentity } from "../api-keys/call-identity.ts";
import { idempotencyKeyReused } from "../api-keys/key-errors.ts";
import { tenantNotFound } from "../find-tenant.ts";
import { assertUrl, deskOf } from "./webhook-errors.ts";
import { statesFrom, webhookMessage } from "./webhook-message.ts";

/** Webhooks of a tenant. */
const LIMIT = 10;

export function createWebhook(context: AdminContext) {
  return async (
    request: CreateWebhookRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof CreateWebhookResponseSchema>> => {
    const { tenant, url, description, idempotencyKey } = request;
    const desk = deskOf(context.webhooks);
    assertUrl(desk, url);
    const id = `wh_${Buffer.from(context.randomBytes(10)).toString("hex")}`;
    const createdAt = context.now();
    const { stored, text } = desk.newSecret(id, createdAt);
    const states = statesFrom(request.states);
    const webhook = { id, tenant, url, description, states, paused: false, secrets: [stored], createdAt };
    const body = toBinary(CreateWebhookRequestSchema, { ...request, idempotencyKey: "" });
    const result = await context.ledger.createWebhook(
      webhook,
      LIMIT,
      callIdentity("CreateWebhook", idempotencyKey, body),
      auditEvent(context, call, {
        tenant,
        kind: "webhook.created",
        // Of the URL only where it leads: what follows may be a secret of the receiver's, whatever it should be.
        detail: { webhook: id, origin: new URL(url).origin, states: states.join(" ") },
      }),
    );
    switch (result.outcome) {
      case "tenant-not-found":
        throw tenantNotFound(tenant);
      case "limit-reached":
        throw new DomainError(ErrorReason.WEBHOOK_LIMIT_REACHED, `a tenant has at most ${LIMIT} webhooks`);
      case "key-reused":
        throw idempotencyKeyReused();
      case "gone":
        throw new DomainError(ErrorReason.WEBHOOK_NOT_FOUND, "what this call made was deleted");
      case "repeated":
        return { webhook: webhookMessage(result.webhook) };
      case "created":
        await context.directory.refresh();
        return { webhook: webhookMessage(result.webhook), secret: text.reveal() };
    }
  };
}
