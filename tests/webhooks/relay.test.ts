import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { WebhookService } from "@countersign/gen/countersign/admin/v1/webhook_service_pb.ts";
import { WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { expect, onTestFinished, test } from "vitest";
import { SECRETS } from "../admin/admin-world.ts";
import { submitSurely } from "../support/submitting.ts";
import { startTestRelay, withHeaders } from "../support/test-relay.ts";
import { TEST_TENANT } from "../support/test-tenant.ts";
import { startReceiver, status } from "./support/receiver.ts";
import { SEALING_KEY } from "./support/test-desk.ts";
import { isSignedWith } from "./support/verify.ts";

async function secretFiles(secrets: Readonly<Record<string, string>>): Promise<(name: string) => string> {
  const folder = await mkdtemp(join(tmpdir(), "webhooks-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, secret] of Object.entries(secrets)) {
    await writeFile(join(folder, name), secret, { mode: 0o600 });
  }
  return (name) => `file:${join(folder, name)}`;
}

test("an operator makes a webhook, a wallet submits, and the tenant's server is told; the metrics say so", async () => {
  const file = await secretFiles({ old: SEALING_KEY, new: "6f".repeat(32), admin: SECRETS.operator });
  const keys = [{ name: "ops", role: "operator", secret: file("admin") }];
  const webhooks = { insecure_targets: true, max_attempts: 1 };
  const relay = await startTestRelay({
    wallets: 2,
    settings: {
      admin: JSON.stringify({ listen: { host: "127.0.0.1", port: 0 }, keys }),
      webhooks: JSON.stringify({ ...webhooks, sealing_keys: [file("new"), file("old")] }),
    },
  });
  onTestFinished(() => relay.stop());
  const headers = withHeaders({ authorization: `Bearer ${SECRETS.operator}` });
  const baseUrl = relay.app.adminAddress ?? expect.fail("no admin port");
  const admin = createClient(WebhookService, createGrpcTransport({ baseUrl, interceptors: [headers] }));

  const receiver = await startReceiver();
  const { webhook, secret } = await admin.createWebhook({ tenant: TEST_TENANT, url: receiver.url });
  const one = { tenant: TEST_TENANT, webhookId: webhook?.id ?? "" };
  const submit = async (wallet: number) => {
    const delegate = await relay.wallets[wallet]?.delegate();
    return submitSurely(() => relay.client, delegate ?? expect.fail("no wallet"), WaitUntil.FINAL);
  };
  const first = await submit(0);
  const [told] = await receiver.got(1);
  if (told === undefined) expect.fail("nothing came");
  expect(isSignedWith(secret, told)).toBe(true);
  expect(JSON.parse(told.body)).toMatchObject({
    type: "submission.succeeded",
    submission: { id: first.id, transaction: { hash: first.transaction?.hash } },
  });

  receiver.answer = status(500);
  await submit(1);
  await receiver.got(2);
  const shown = async () => (await fetch(`${relay.app.operationsAddress}/metrics`)).text();
  await expect.poll(shown, { timeout: 20_000 }).toContain('countersign_webhook_deliveries{state="dead"} 1');
  const metrics = await shown();
  expect(metrics).toContain('countersign_webhook_attempts_total{outcome="delivered"} 1');
  expect(metrics).toContain('countersign_webhook_attempts_total{outcome="dead"} 1');
  expect(metrics).toContain('countersign_webhook_deliveries{state="pending"} 0');
  expect(metrics).toContain("countersign_webhook_oldest_pending_seconds 0");

  receiver.answer = (_, response) => void response.end();
  expect(await admin.redriveDeliveries(one)).toMatchObject({ redriven: 1n });
  const [, dead, redriven] = await receiver.got(3);
  expect(redriven?.body).toBe(dead?.body);
});
