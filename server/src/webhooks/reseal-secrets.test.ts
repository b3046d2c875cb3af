import { Secret } from "@countersign/service-kit";
import { expect, test } from "vitest";
import type { SealedSecret, Webhook } from "../ledger/webhook-types.ts";
import { resealSecrets } from "./reseal-secrets.ts";
import { SecretSealer } from "./secret-sealer.ts";

const OLD = new Secret("a1".repeat(32));
const NEW = new Secret("b2".repeat(32));
const LOST = new Secret("c3".repeat(32));
const AT = new Date("2026-11-22T10:00:00Z");

function webhook(id: string, ...secrets: readonly (readonly [key: Secret<string>, byte: number])[]): Webhook {
  return {
    ...{ id, tenant: "acme", url: "https://hooks.example/", description: "", states: [], paused: false },
    secrets: secrets.map(([key, byte]) => ({
      sealed: new SecretSealer([key]).seal(id, new Secret<Uint8Array>(new Uint8Array(32).fill(byte))),
      createdAt: AT,
      expiresAt: byte === 1 ? null : AT,
    })),
    createdAt: AT,
  };
}

test("what an older key has sealed is sealed under the first; what no key opens stays", async () => {
  const webhooks = [webhook("wh_1", [NEW, 1], [OLD, 2], [LOST, 3]), webhook("wh_2", [NEW, 1])];
  const stored: [Webhook, readonly SealedSecret[]][] = [];
  const store = {
    resealWebhook: async (...call: [Webhook, readonly SealedSecret[]]) => void stored.push(call),
  };
  await resealSecrets(new SecretSealer([NEW, OLD]), store, webhooks);
  const [[before, secrets] = expect.fail("nothing was stored"), ...others] = stored;
  expect(others).toEqual([]);
  expect(before).toBe(webhooks[0]);
  const opened = secrets.map(({ sealed }) => new SecretSealer([NEW]).open("wh_1", sealed)?.reveal()[0]);
  expect(opened).toEqual([1, 2, undefined]);
  expect(secrets.map(({ expiresAt }) => expiresAt)).toEqual([null, AT, AT]);
  expect(secrets[2]).toBe(before.secrets[2]);
});
