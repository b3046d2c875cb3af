import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type {
  DeleteWebhookRequest,
  DeleteWebhookResponseSchema,
} from "@countersign/gen/countersign/admin/v1/webhook_pb.ts";
import { type AdminContext, auditEvent } from "../admin-context.ts";
import { webhookNotFound } from "./webhook-errors.ts";
import { webhookMessage } from "./webhook-message.ts";

export function deleteWebhook(context: AdminContext) {
  return async (
    { tenant, webhookId }: DeleteWebhookRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof DeleteWebhookResponseSchema>> => {
    const audit = auditEvent(context, call, {
      tenant,
      kind: "webhook.deleted",
      detail: { webhook: webhookId },
    });
    const webhook = await context.ledger.deleteWebhook(tenant, webhookId, audit.at, audit);
    if (webhook === undefined) throw webhookNotFound(tenant, webhookId);
    await context.directory.refresh();
    return { webhook: webhookMessage(webhook) };
  };
}
