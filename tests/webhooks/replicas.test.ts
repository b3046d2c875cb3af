import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLedger } from "@countersign/server/ledger/open-ledger.ts";
import { Secret } from "@countersign/service-kit";
import { describe, expect, it, onTestFinished } from "vitest";
import { RelayProcess } from "../crash/support/relay-process.ts";
import { event } from "../ledger/builders.ts";
import { ledgerEngines, startRelayWorld } from "../support/relay-world.ts";
import { finishAll, submitSurely } from "../support/submitting.ts";
import { TEST_TENANT } from "../support/test-tenant.ts";
import { signing } from "./support/dispatch-world.ts";
import { type Receiver, startReceiver } from "./support/receiver.ts";
import { SEALING_KEY } from "./support/test-desk.ts";
import { isSignedWith } from "./support/verify.ts";

const COUNT = 24;
const TIMEOUT_MS = 180_000;

/** A relay's world whose tenant has a webhook, and the webhook's receiver. */
async function hookedWorld(receiver: Receiver) {
  const folder = await mkdtemp(join(tmpdir(), "webhooks-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const keyFile = join(folder, "sealing-key");
  await writeFile(keyFile, SEALING_KEY, { mode: 0o600 });
  const webhooks = JSON.stringify({ sealing_keys: [`file:${keyFile}`], insecure_targets: true });
  const world = await startRelayWorld({ engine: "postgres", wallets: COUNT, settings: { webhooks } });
  onTestFinished(() => world.stop());
  const { webhook, secret } = signing("w", { tenant: TEST_TENANT, url: receiver.url });
  const ledger = await openLedger(new Secret(world.config.ledger.url.reveal()));
  await ledger.createWebhook(webhook, 10, null, event());
  await ledger.close();
  return { world, secret };
}

describe.skipIf(!ledgerEngines.includes("postgres"))("two relays on PostgreSQL", () => {
  it(
    "when one of them is killed while it posts, every submission's end is told, and noted once",
    async () => {
      const silent = Promise.withResolvers<void>();
      // The first to post gets no answer: its deliveries are the other's once the lease has run out.
      const receiver = await startReceiver(() => silent.resolve());
      const { world, secret } = await hookedWorld(receiver);
      const holder = await RelayProcess.start({ flags: world.flags });
      await holder.seen("laneAcquired");
      const delegates = await Promise.all(world.wallets.map((wallet) => wallet.delegate()));
      await Promise.all(
        delegates.slice(0, COUNT / 2).map((bytes) => submitSurely(() => holder.client, bytes)),
      );
      await silent.promise;
      await holder.kill();
      const unanswered = receiver.received.length;
      receiver.answer = (_, response) => void response.end();

      const other = await RelayProcess.start({ flags: world.flags });
      await finishAll(() => other.client, delegates);
      await other.seen("webhookDelivered", undefined, COUNT);

      const rows = await world.rows<{ submission_id: string; state: string; attempts: string }>(
        "select submission_id, state, attempts from webhook_deliveries",
      );
      const ended = await world.rows<{ id: string; state: string }>("select id, state from submissions");
      expect(rows.map(({ submission_id }) => submission_id).sort()).toEqual(ended.map(({ id }) => id).sort());
      expect(new Set(rows.map(({ state }) => state))).toEqual(new Set(["DELIVERED"]));
      expect(rows.filter(({ attempts }) => Number(attempts) > 1).length).toBeGreaterThan(0);

      const answered = receiver.received.slice(unanswered);
      const told = answered.map(({ body }) => JSON.parse(body).submission);
      // On a machine that is busy an answer may come too late, and the event again: receivers keep the ids.
      expect([...new Set(told.map(({ id, state }) => `${id} ${state}`))].sort()).toEqual(
        ended.map(({ id, state }) => `${id} SUBMISSION_STATE_${state}`).sort(),
      );
      expect(answered.every((one) => isSignedWith(secret, one))).toBe(true);
    },
    TIMEOUT_MS,
  );
});
