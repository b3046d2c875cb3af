import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { testKeyPools } from "../key-pool/support/test-key-pools.ts";
import { testDesk } from "../webhooks/support/test-desk.ts";
import { SECRETS, startAdmin } from "./admin-world.ts";
import { METHODS, reasonOf } from "./every-method.ts";

const tenant = "acme";
const account = { accountId: "a.app.testnet" };

/** A request of each method that asks the ledger. */
const REQUESTS: Readonly<Record<string, JsonValue>> = {
  CreateTenant: { tenant },
  GetTenant: { tenant },
  ListTenants: {},
  UpdateTenant: { tenant, expectedVersion: "1" },
  CreateApiKey: { tenant, scopes: ["SCOPE_READ"] },
  ListApiKeys: { tenant },
  RotateApiKey: { tenant, keyId: "x" },
  RevokeApiKey: { tenant, keyId: "x" },
  GetPolicy: { tenant },
  SetPolicy: { tenant, policy: {} },
  TestPolicy: { tenant, account },
  GetLimits: { tenant },
  SetLimits: { tenant, limits: {} },
  GetUsage: { since: "2026-01-01T00:00:00Z" },
  Pause: { level: "PAUSE_LEVEL_RELAY", reason: "test" },
  Resume: { level: "PAUSE_LEVEL_RELAY" },
  ListPauses: {},
  CreateWebhook: { tenant, url: "https://hooks.example/" },
  ListWebhooks: { tenant },
  UpdateWebhook: { tenant, webhookId: "x", paused: true },
  RotateWebhookSecret: { tenant, webhookId: "x" },
  DeleteWebhook: { tenant, webhookId: "x" },
  ListDeliveries: { tenant, webhookId: "x", state: "DELIVERY_STATE_DEAD" },
  RedriveDeliveries: { tenant, webhookId: "x" },
  TestWebhook: { tenant, webhookId: "x" },
  ListKeyPools: {},
  StartKeyOperation: { accountId: "relay.testnet", kind: "KEY_OPERATION_KIND_ADD", reason: "x" },
  GetKeyOperation: { id: "x" },
  ListKeyOperations: { accountId: "relay.testnet" },
  CancelKeyOperation: { id: "x", reason: "x" },
  ExportAudit: {},
};

test("while the ledger is away, every method says so", async () => {
  const world = await startAdmin({
    webhooks: testDesk(),
    keyPools: (ledger) => testKeyPools(ledger).desk,
  });
  await world.ledger.close();
  const headers = { "x-api-key": SECRETS.admin };
  for (const method of METHODS) {
    const request = fromJson(method.input, REQUESTS[method.name] ?? null);
    expect(await reasonOf(world.url, method, headers, request), method.name).toBe("LEDGER_UNAVAILABLE");
  }
  await world.stop();
});
