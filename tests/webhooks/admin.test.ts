import type { Client } from "@connectrpc/connect";
import { DeliveryState } from "@countersign/gen/countersign/admin/v1/webhook_pb.ts";
import { WebhookService } from "@countersign/gen/countersign/admin/v1/webhook_service_pb.ts";
import { SubmissionState } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AdminWorld, startAdmin } from "../admin/admin-world.ts";
import { reasonFor, refusalOf } from "../admin/refused.ts";
import { event, sha256 } from "../ledger/builders.ts";
import { end } from "./support/builders.ts";
import { startReceiver, status } from "./support/receiver.ts";
import { testDesk } from "./support/test-desk.ts";
import { isSignedWith } from "./support/verify.ts";

let world: AdminWorld;
let client: Client<typeof WebhookService>;
beforeAll(async () => {
  world = await startAdmin({ webhooks: testDesk() });
  client = world.client(WebhookService, "operator");
  for (const id of ["default", "acme", "full", "rotating"]) {
    await world.ledger.createTenant({ id, displayName: id, createdAt: new Date() }, event());
  }
});
afterAll(() => world.stop());

const URL_TEXT = "https://hooks.example/path?token=hidden";

test("a webhook is made, listed, changed and deleted, known at once and recorded without what its URL may hide", async () => {
  const made = await client.createWebhook({
    tenant: "acme",
    url: URL_TEXT,
    description: "ops",
    states: { states: [SubmissionState.EXPIRED, SubmissionState.FAILED] },
  });
  const { webhook, secret } = made;
  const webhookId = webhook?.id ?? expect.fail("no webhook");
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(webhook).toMatchObject({
    tenant: "acme",
    url: URL_TEXT,
    description: "ops",
    states: [SubmissionState.FAILED, SubmissionState.EXPIRED],
    paused: false,
  });
  expect(webhook?.secrets.map(({ expireTime }) => expireTime)).toEqual([undefined]);
  expect(world.directory.hasWebhooks("acme")).toBe(true);
  expect(world.directory.hasWebhooks("default")).toBe(false);
  const viewer = world.client(WebhookService, "viewer");
  expect((await viewer.listWebhooks({ tenant: "acme" })).webhooks).toEqual([webhook]);

  const changed = await client.updateWebhook({ tenant: "acme", webhookId, paused: true, states: {} });
  expect(changed.webhook).toMatchObject({ paused: true, states: [], url: URL_TEXT, description: "ops" });
  expect(world.directory.webhooks).toMatchObject([{ id: webhookId, paused: true }]);
  await client.deleteWebhook({ tenant: "acme", webhookId });
  expect(await reasonFor(client.deleteWebhook({ tenant: "acme", webhookId }))).toBe("WEBHOOK_NOT_FOUND");
  expect(world.directory.hasWebhooks("acme")).toBe(false);

  const entries = await world.audited("acme");
  const own = entries.filter(({ kind }) => kind.startsWith("webhook."));
  expect(own.map(({ kind, actor, detail }) => [kind, actor, JSON.parse(detail)])).toEqual([
    [
      "webhook.created",
      "admin:operator",
      { webhook: webhookId, origin: "https://hooks.example", states: "FAILED EXPIRED" },
    ],
    ["webhook.updated", "admin:operator", { webhook: webhookId, paused: "true", states: "" }],
    ["webhook.deleted", "admin:operator", { webhook: webhookId }],
  ]);
  expect(entries.map(({ detail }) => detail).join()).not.toContain("hidden");
  expect(world.lines.join()).not.toContain("hidden");
  expect(world.lines.join()).not.toContain(secret);
});

test("the same call makes one webhook, and shows its secret once", async () => {
  const request = { tenant: "acme", url: URL_TEXT, idempotencyKey: "once" };
  const [first, second] = [await client.createWebhook(request), await client.createWebhook(request)];
  expect(second).toMatchObject({ webhook: first.webhook, secret: "" });
  const other = { ...request, url: "https://other.example/" };
  expect(await reasonFor(client.createWebhook(other))).toBe("IDEMPOTENCY_KEY_REUSED");
  await client.deleteWebhook({ tenant: "acme", webhookId: first.webhook?.id ?? "" });
  expect(await reasonFor(client.createWebhook(request))).toBe("WEBHOOK_NOT_FOUND");
});

test("a tenant has at most ten", async () => {
  const request = { tenant: "full", url: URL_TEXT };
  for (let i = 0; i < 10; i++) await client.createWebhook(request);
  expect(await reasonFor(client.createWebhook(request))).toBe("WEBHOOK_LIMIT_REACHED");
});

test("secrets are rotated: four may overlap, and none is shown twice", async () => {
  const { webhook } = await client.createWebhook({ tenant: "rotating", url: URL_TEXT });
  const one = { tenant: "rotating", webhookId: webhook?.id ?? "" };
  const first = await client.rotateWebhookSecret({ ...one, idempotencyKey: "r1" });
  expect(first.secret).toMatch(/^whsec_/);
  expect(first.webhook?.secrets.map(({ expireTime }) => expireTime !== undefined)).toEqual([false, true]);
  expect((await client.rotateWebhookSecret({ ...one, idempotencyKey: "r1" })).secret).toBe("");
  for (let i = 0; i < 2; i++) await client.rotateWebhookSecret(one);
  expect(await reasonFor(client.rotateWebhookSecret(one))).toBe("WEBHOOK_SECRETS_FULL");
  expect(await reasonFor(client.rotateWebhookSecret({ ...one, overlap: { seconds: -1n } }))).toBe(
    "FIELD_INVALID",
  );
  expect(await reasonFor(client.rotateWebhookSecret({ ...one, tenant: "acme" }))).toBe("WEBHOOK_NOT_FOUND");
});

test.each([
  ["http://hooks.example/", "url must be https://"],
  ["https://10.0.0.1/", "url must be at a public address"],
  ["https://user:secret@hooks.example/", "url must not carry a user or a password"],
  ["https://hooks.example:25/", "url must be on port 443, or on one from 1024"],
  ["nonsense", "url is no URL"],
])("%s is refused: %s", async (url, message) => {
  const strict = await startAdmin({ webhooks: testDesk({ insecure: false }) });
  const hooks = strict.client(WebhookService);
  await strict.ledger.createTenant({ id: "acme", displayName: "", createdAt: new Date() }, event());
  expect(await refusalOf(hooks.createWebhook({ tenant: "acme", url }))).toEqual({
    reason: "WEBHOOK_URL_INVALID",
    message,
  });
  const { webhook } = await hooks.createWebhook({ tenant: "acme", url: URL_TEXT });
  const update = { tenant: "acme", webhookId: webhook?.id ?? "", url };
  expect(await reasonFor(hooks.updateWebhook(update))).toBe("WEBHOOK_URL_INVALID");
  await strict.stop();
});

test("what is not there is named, and what is malformed refused", async () => {
  const none = { tenant: "acme", webhookId: "wh_none" };
  const dead = { ...none, state: DeliveryState.DEAD };
  expect(await reasonFor(client.createWebhook({ tenant: "nobody", url: URL_TEXT }))).toBe("TENANT_NOT_FOUND");
  expect(await reasonFor(client.listWebhooks({ tenant: "nobody" }))).toBe("TENANT_NOT_FOUND");
  for (const call of [
    () => client.updateWebhook({ ...none, paused: true }),
    () => client.listDeliveries(dead),
    () => client.redriveDeliveries(none),
    () => client.testWebhook(none),
  ]) {
    expect(await reasonFor(call())).toBe("WEBHOOK_NOT_FOUND");
  }
  expect(await reasonFor(client.listDeliveries({ ...dead, pageToken: "bm9uc2Vuc2U" }))).toBe(
    "PAGE_TOKEN_INVALID",
  );
  expect(await reasonFor(client.listDeliveries(none))).toBe("FIELD_INVALID");
  const states = { states: [SubmissionState.BROADCAST] };
  expect(await reasonFor(client.createWebhook({ tenant: "acme", url: URL_TEXT, states }))).toBe(
    "FIELD_INVALID",
  );
});

test("a relay without sealing keys makes no webhooks, and ends those that there are", async () => {
  const without = await startAdmin();
  const hooks = without.client(WebhookService);
  const at = new Date();
  await without.ledger.createTenant({ id: "acme", displayName: "", createdAt: at }, event());
  const webhook = { id: "wh_1", tenant: "acme", url: URL_TEXT, description: "", paused: false };
  const secrets = [{ sealed: sha256("s"), createdAt: at, expiresAt: null }];
  await without.ledger.createWebhook({ ...webhook, states: [], secrets, createdAt: at }, 9, null, event());
  const one = { tenant: "acme", webhookId: "wh_1" };
  for (const call of [
    () => hooks.createWebhook({ tenant: "acme", url: URL_TEXT }),
    () => hooks.updateWebhook({ ...one, url: URL_TEXT }),
    () => hooks.rotateWebhookSecret(one),
    () => hooks.testWebhook(one),
  ]) {
    expect(await reasonFor(call())).toBe("WEBHOOKS_DISABLED");
  }
  expect((await hooks.updateWebhook({ ...one, paused: true })).webhook?.paused).toBe(true);
  expect((await hooks.deleteWebhook(one)).webhook?.id).toBe("wh_1");
  await without.stop();
});

test("a test event tells how the receiver takes it", async () => {
  const receiver = await startReceiver();
  const { webhook, secret } = await client.createWebhook({ tenant: "acme", url: receiver.url });
  const one = { tenant: "acme", webhookId: webhook?.id ?? "" };
  expect(await client.testWebhook(one)).toMatchObject({ delivered: true, status: 200, problem: "" });
  const [received] = receiver.received;
  if (received === undefined) expect.fail("nothing came");
  expect(isSignedWith(secret, received)).toBe(true);
  expect(JSON.parse(received.body)).toMatchObject({ type: "webhook.test", tenant: "acme" });
  expect(received.headers["webhook-id"]).toMatch(/^evt_test_[0-9a-f]{32}$/);
  receiver.answer = status(410);
  const problem = "it answered with status 410";
  expect(await client.testWebhook(one)).toMatchObject({ delivered: false, status: 410, problem });
});

test("deliveries are listed and redriven", async () => {
  const { webhook } = await client.createWebhook({ tenant: "default", url: URL_TEXT });
  const one = { tenant: "default", webhookId: webhook?.id ?? "" };
  await end(world.ledger, ["a", "b", "c"]);
  const list = (state: DeliveryState, page: { pageSize?: number; pageToken?: string } = {}) =>
    client.listDeliveries({ ...one, state, ...page });
  const pending = await list(DeliveryState.PENDING, { pageSize: 2 });
  expect(pending.deliveries).toMatchObject([
    { submissionId: "sub_c", eventId: "evt_c", attempts: 0, lastStatus: 0 },
    { submissionId: "sub_b", eventId: "evt_b" },
  ]);
  const rest = await list(DeliveryState.PENDING, { pageSize: 2, pageToken: pending.nextPageToken });
  expect(rest).toMatchObject({ deliveries: [{ submissionId: "sub_a" }], nextPageToken: "" });

  const now = new Date();
  const wanted = [{ webhookId: one.webhookId, limit: 9 }];
  const claimed = await world.ledger.claimDeliveries(wanted, now, now);
  await world.ledger.recordAttempts(
    claimed.map(({ webhookId, submissionId, attempt }) => ({
      ...{ webhookId, submissionId, attempt, at: now },
      state: "DEAD" as const,
      dueAt: null,
      status: 500,
      problem: "it answered with status 500",
    })),
  );
  expect((await list(DeliveryState.DEAD)).deliveries).toHaveLength(3);
  expect(await client.redriveDeliveries({ ...one, submissionIds: ["sub_a"] })).toMatchObject({
    redriven: 1n,
  });
  expect(await client.redriveDeliveries(one)).toMatchObject({ redriven: 2n });
  expect(await client.redriveDeliveries(one)).toMatchObject({ redriven: 0n });
  expect((await list(DeliveryState.PENDING)).deliveries).toHaveLength(3);
  const kinds = (await world.audited("default")).map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === "webhook.redriven")).toHaveLength(2);
});
