import {
  type Delivery,
  DeliveryState,
  ListDeliveriesResponseSchema,
  RedriveDeliveriesResponseSchema,
} from "@countersign/gen/countersign/admin/v1/webhook_pb.ts";
import { WebhookService } from "@countersign/gen/countersign/admin/v1/webhook_service_pb.ts";
import { type Command, Option } from "commander";
import { type AdminOptions, adminClient, withAdminOptions } from "./admin-connection.ts";
import { formatTable, printAnswer } from "./print.ts";
import { timeText } from "./time-text.ts";
import { UsageError } from "./usage-error.ts";

const STATES = {
  pending: DeliveryState.PENDING,
  delivered: DeliveryState.DELIVERED,
  dead: DeliveryState.DEAD,
};

/** As many as one page holds. */
const PAGE_SIZE = 200;
/** Many deliveries take long, in milliseconds. */
const TIMEOUT_MS = 600_000;

interface ListOptions extends AdminOptions {
  state: keyof typeof STATES;
  page: string;
}

/** `countersign webhook deliveries` and `countersign webhook redrive` */
export function addDeliveryCommands(webhook: Command): void {
  const state = new Option("--state <state>", "which ones").choices(Object.keys(STATES)).default("dead");
  const deliveries = webhook
    .command("deliveries")
    .description("show a webhook's deliveries, the dead ones if nothing else is said, newest first");
  withAdminOptions(deliveries.argument("<tenant>").argument("<webhook-id>"))
    .addOption(state)
    .option("--page <token>", "go on after an earlier page", "")
    .action(listDeliveries);
  const redrive = webhook.command("redrive").description("try dead deliveries again");
  withAdminOptions(redrive.argument("<tenant>").argument("<webhook-id>").argument("[submission-ids...]"))
    .option("--all", "all that are dead")
    .action(redriveDeliveries);
}

async function listDeliveries(tenant: string, webhookId: string, options: ListOptions): Promise<void> {
  const answer = await adminClient(WebhookService, options).listDeliveries({
    ...{ tenant, webhookId },
    state: STATES[options.state],
    pageSize: PAGE_SIZE,
    pageToken: options.page,
  });
  printAnswer(ListDeliveriesResponseSchema, answer, options, ({ deliveries, nextPageToken }) => {
    const more = nextPageToken === "" ? "" : `\nThere are more: --page ${nextPageToken}\n`;
    return table(deliveries) + more;
  });
}

async function redriveDeliveries(
  tenant: string,
  webhookId: string,
  submissionIds: string[],
  options: AdminOptions & { all?: true },
): Promise<void> {
  if ((submissionIds.length === 0) === (options.all === undefined)) {
    throw new UsageError("name submissions, or give --all");
  }
  const request = { tenant, webhookId, submissionIds };
  const client = adminClient(WebhookService, options);
  const answer = await client.redriveDeliveries(request, { timeoutMs: TIMEOUT_MS });
  printAnswer(
    RedriveDeliveriesResponseSchema,
    answer,
    options,
    ({ redriven }) => `tried again: ${redriven}\n`,
  );
  const others = BigInt(new Set(submissionIds).size) - answer.redriven;
  if (others > 0n) throw new Error(`of these, ${others} had no dead delivery`);
}

function table(deliveries: readonly Delivery[]): string {
  return formatTable({
    columns: ["SUBMISSION", "ENDED", "ATTEMPTS", "LAST ATTEMPT", "NEXT ATTEMPT", "STATUS", "PROBLEM"],
    rows: deliveries.map((d) => [
      d.submissionId,
      timeText(d.createTime),
      String(d.attempts),
      timeText(d.lastAttemptTime),
      timeText(d.nextAttemptTime),
      d.lastStatus === 0 ? "" : String(d.lastStatus),
      d.lastProblem,
    ]),
  });
}
