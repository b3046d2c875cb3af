import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ListWebhooksRequest,
  ListWebhooksResponseSchema,
} from "@countersign/gen/countersign/admin/v1/webhook_pb.ts";
import type { AdminContext } from "../admin-context.ts";
import { findTenant } from "../find-tenant.ts";
import { webhookMessage } from "./webhook-message.ts";

export function listWebhooks({ ledger }: AdminContext) {
  return async ({
    tenant,
  }: ListWebhooksRequest): Promise<MessageInitShape<typeof ListWebhooksResponseSchema>> => {
    await findTenant(ledger, tenant);
    return { webhooks: (await ledger.listWebhooks(tenant)).map(webhookMessage) };
  };
}
