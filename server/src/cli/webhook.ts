import { randomUUID } from "node:crypto";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  CreateWebhookResponseSchema,
  DeleteWebhookResponseSchema,
  ListWebhooksResponseSchema,
  RotateWebhookSecretResponseSchema,
  TestWebhookResponseSchema,
  UpdateWebhookResponseSchema,
  type Webhook,
} from "@countersign/gen/countersign/admin/v1/webhook_pb.ts";
import { WebhookService } from "@countersign/gen/countersign/admin/v1/webhook_service_pb.ts";
import { SubmissionState } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { Command, InvalidArgumentError } from "commander";
import { type AdminOptions, adminClient, withAdminOptions } from "./admin-connection.ts";
import { durationMs } from "./arguments.ts";
import { formatTable, printAnswer } from "./print.ts";
import { timeText } from "./time-text.ts";
import { UsageError } from "./usage-error.ts";
import { addDeliveryCommands } from "./webhook-deliveries.ts";

const STATES: ReadonlyMap<string, SubmissionState> = new Map([
  ["succeeded", SubmissionState.SUCCEEDED],
  ["failed", SubmissionState.FAILED],
  ["rejected", SubmissionState.REJECTED],
  ["expired", SubmissionState.EXPIRED],
]);
const ALL = "all";

interface CreateOptions extends AdminOptions {
  description: string;
  states: SubmissionState[];
  idempotencyKey?: string;
}

interface UpdateOptions extends AdminOptions {
  to?: string;
  description?: string;
  states?: SubmissionState[];
  pause?: true;
  resume?: true;
}

interface RotateOptions extends AdminOptions {
  overlap?: number;
  idempotencyKey?: string;
}

/** `countersign webhook …` */
export function webhookCommand(): Command {
  const webhook = new Command("webhook");
  withAdminOptions(
    webhook
      .command("create")
      .description("make a webhook; its secret is shown once")
      .argument("<tenant>")
      .argument("<target>", "https://… where events are posted to"),
  )
    .option("--states <list>", `ends that it is told of: ${[...STATES.keys()].join(",")}`, stateList, [])
    .option("--description <text>", "for people", "")
    .option("--idempotency-key <text>", "the same call with the same key makes one webhook")
    .action(createWebhook);
  withAdminOptions(
    webhook.command("list").description("show a tenant's webhooks").argument("<tenant>"),
  ).action(async (tenant: string, options: AdminOptions) => {
    const answer = await adminClient(WebhookService, options).listWebhooks({ tenant });
    printAnswer(ListWebhooksResponseSchema, answer, options, ({ webhooks }) => table(webhooks));
  });
  withAdminOptions(onOne(webhook.command("update").description("change, pause or resume a webhook")))
    .option("--to <url>", "post events there from now on")
    .option("--description <text>", "for people")
    .option("--states <list>", `ends that it is told of, or ${ALL}`, stateList)
    .option("--pause", "let events wait")
    .option("--resume", "send them again")
    .action(updateWebhook);
  withAdminOptions(onOne(webhook.command("rotate-secret").description("make a webhook's next secret")))
    .option("--overlap <duration>", "how long the secrets before it sign too; default: 24h", durationMs)
    .option("--idempotency-key <text>", "the same call with the same key makes one secret")
    .action(rotateSecret);
  withAdminOptions(
    onOne(webhook.command("delete").description("end a webhook, with what it was still to be told")),
  ).action(async (tenant: string, webhookId: string, options: AdminOptions) => {
    const answer = await adminClient(WebhookService, options).deleteWebhook({ tenant, webhookId });
    printAnswer(DeleteWebhookResponseSchema, answer, options, (a) => `deleted:\n${tableOf(a.webhook)}`);
  });
  withAdminOptions(
    onOne(webhook.command("test").description("send a test event, and show how that goes")),
  ).action(async (tenant: string, webhookId: string, options: AdminOptions) => {
    const answer = await adminClient(WebhookService, options).testWebhook({ tenant, webhookId });
    printAnswer(TestWebhookResponseSchema, answer, options, ({ delivered, status, problem }) =>
      delivered ? `delivered: status ${status}\n` : `not delivered: ${problem}\n`,
    );
    if (!answer.delivered) process.exitCode = 1;
  });
  addDeliveryCommands(webhook);
  return webhook;
}

function onOne(command: Command): Command {
  return command.argument("<tenant>").argument("<webhook-id>");
}

async function createWebhook(tenant: string, url: string, options: CreateOptions): Promise<void> {
  const { description, states, idempotencyKey = randomUUID() } = options;
  const answer = await adminClient(WebhookService, options).createWebhook({
    ...{ tenant, url, description, idempotencyKey },
    states: { states },
  });
  printAnswer(CreateWebhookResponseSchema, answer, options, withSecret);
}

async function updateWebhook(tenant: string, webhookId: string, options: UpdateOptions): Promise<void> {
  const { to: url, description, states, pause, resume } = options;
  if (pause && resume) throw new UsageError("--pause and --resume exclude each other");
  const paused = pause ? true : resume ? false : undefined;
  const changes = [url, description, states, paused];
  if (changes.every((change) => change === undefined)) throw new UsageError("there is nothing to change");
  const answer = await adminClient(WebhookService, options).updateWebhook({
    ...{ tenant, webhookId },
    ...(url === undefined ? {} : { url }),
    ...(description === undefined ? {} : { description }),
    ...(states === undefined ? {} : { states: { states } }),
    ...(paused === undefined ? {} : { paused }),
  });
  printAnswer(UpdateWebhookResponseSchema, answer, options, (a) => tableOf(a.webhook));
}

async function rotateSecret(tenant: string, webhookId: string, options: RotateOptions): Promise<void> {
  const { overlap, idempotencyKey = randomUUID() } = options;
  const answer = await adminClient(WebhookService, options).rotateWebhookSecret({
    ...{ tenant, webhookId, idempotencyKey },
    ...(overlap === undefined ? {} : { overlap: durationFromMs(overlap) }),
  });
  printAnswer(RotateWebhookSecretResponseSchema, answer, options, withSecret);
}

function withSecret({ webhook, secret }: { webhook?: Webhook | undefined; secret: string }): string {
  const note =
    secret === ""
      ? "This call was made before, and its secret was shown then: if it is lost, rotate the secret."
      : `${secret}\nThis is shown once: give it to the receiver now.`;
  return `${tableOf(webhook)}\n${note}\n`;
}

function tableOf(webhook: Webhook | undefined): string {
  return table(webhook === undefined ? [] : [webhook]);
}

function table(webhooks: readonly Webhook[]): string {
  return formatTable({
    columns: ["WEBHOOK ID", "URL", "STATES", "STATE", "SECRETS", "CREATED", "DESCRIPTION"],
    rows: webhooks.map((w) => [
      w.id,
      w.url,
      [...STATES].flatMap(([name, state]) => (w.states.includes(state) ? [name] : [])).join(",") || ALL,
      w.paused ? "paused" : "active",
      String(w.secrets.length),
      timeText(w.createTime),
      w.description,
    ]),
  });
}

function stateList(text: string): SubmissionState[] {
  if (text === ALL) return [];
  return text.split(",").map((name) => {
    const state = STATES.get(name.trim());
    if (state === undefined) {
      throw new InvalidArgumentError(`It takes ${[...STATES.keys()].join(",")}, or ${ALL}.`);
    }
    return state;
  });
}
