import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type {
  TestWebhookRequest,
  TestWebhookResponseSchema,
} from "@countersign/gen/countersign/admin/v1/webhook_pb.ts";
import type { AdminContext } from "../admin-context.ts";
import { findWebhook } from "./find-webhook.ts";
import { deskOf } from "./webhook-errors.ts";

export function testWebhook({ ledger, webhooks }: AdminContext) {
  return async (
    { tenant, webhookId }: TestWebhookRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof TestWebhookResponseSchema>> => {
    const desk = deskOf(webhooks);
    const webhook = await findWebhook(ledger, tenant, webhookId);
    const { delivered, status, problem } = await desk.test(webhook, call.signal);
    return { delivered, status: status ?? 0, problem };
  };
}
