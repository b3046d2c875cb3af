import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type {
  RedriveDeliveriesRequest,
  RedriveDeliveriesResponseSchema,
} from "@countersign/gen/countersign/admin/v1/webhook_pb.ts";
import { type AdminContext, auditEvent } from "../admin-context.ts";
import { findWebhook } from "./find-webhook.ts";

/** Deliveries of one transaction. */
const BATCH = 1_000;

export function redriveDeliveries(context: AdminContext) {
  return async (
    { tenant, webhookId, submissionIds }: RedriveDeliveriesRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof RedriveDeliveriesResponseSchema>> => {
    const { ledger, now } = context;
    await findWebhook(ledger, tenant, webhookId);
    const only = submissionIds.length === 0 ? undefined : submissionIds;
    const audit = (count: number) =>
      auditEvent(context, call, {
        tenant,
        kind: "webhook.redriven",
        detail: { webhook: webhookId, deliveries: String(count) },
      });
    let redriven = 0n;
    // What dies again meanwhile is left alone: else this might not end.
    const before = now();
    for (let count = BATCH; count === BATCH && !call.signal.aborted; ) {
      count = await ledger.redriveDeliveries(webhookId, only, BATCH, before, audit);
      redriven += BigInt(count);
    }
    return { redriven };
  };
}
