import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type {
  UpdateWebhookRequest,
  UpdateWebhookResponseSchema,
} from "@countersign/gen/countersign/admin/v1/webhook_pb.ts";
import { type AdminContext, auditEvent } from "../admin-context.ts";
import { assertUrl, deskOf, webhookNotFound } from "./webhook-errors.ts";
import { statesFrom, webhookMessage } from "./webhook-message.ts";

export function updateWebhook(context: AdminContext) {
  return async (
    { tenant, webhookId, url, paused, description, states: stated }: UpdateWebhookRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof UpdateWebhookResponseSchema>> => {
    if (url !== undefined) assertUrl(deskOf(context.webhooks), url);
    const states = stated && statesFrom(stated);
    const audit = auditEvent(context, call, {
      tenant,
      kind: "webhook.updated",
      detail: {
        webhook: webhookId,
        ...(url === undefined ? {} : { origin: new URL(url).origin }),
        ...(paused === undefined ? {} : { paused: String(paused) }),
        ...(states === undefined ? {} : { states: states.join(" ") }),
      },
    });
    const change = {
      ...(url === undefined ? {} : { url }),
      ...(paused === undefined ? {} : { paused }),
      ...(description === undefined ? {} : { description }),
      ...(states === undefined ? {} : { states }),
    };
    const webhook = await context.ledger.updateWebhook(tenant, webhookId, change, audit);
    if (webhook === undefined) throw webhookNotFound(tenant, webhookId);
    await context.directory.refresh();
    return { webhook: webhookMessage(webhook) };
  };
}
