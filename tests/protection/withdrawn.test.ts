import { once } from "node:events";
import http2 from "node:http2";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { ApiKeyService } from "@countersign/gen/countersign/admin/v1/api_key_service_pb.ts";
import { PauseLevel, PauseMode } from "@countersign/gen/countersign/admin/v1/pause_pb.ts";
import { PauseService } from "@countersign/gen/countersign/admin/v1/pause_service_pb.ts";
import { PolicyService } from "@countersign/gen/countersign/admin/v1/policy_service_pb.ts";
import { TenantService } from "@countersign/gen/countersign/admin/v1/tenant_service_pb.ts";
import { SubmitDelegateRequestSchema } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { SubmissionState } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { createApp } from "@countersign/server/app.ts";
import { createLogger } from "@countersign/service-kit";
import { expect, onTestFinished, test } from "vitest";
import { startRelayWorld } from "../support/relay-world.ts";
import { testKey } from "../support/tenants.ts";
import { NETWORK, relayClient, startTestRelay } from "../support/test-relay.ts";
import { AUTH, OPEN_POLICY, TEST_API_KEY, TEST_TENANT } from "../support/test-tenant.ts";
import { createOperator, type TestOperator } from "./support/admin.ts";

const PATH = "/countersign.relay.v1.RelayService/SubmitDelegate";
const PATIENT = { timeout: 30_000 };
const KEY_ID = TEST_API_KEY.split("_")[2] ?? "";

type Withdrawal = (operator: TestOperator, admin: string | undefined) => Promise<unknown>;

const WITHDRAWALS: readonly [string, string, Withdrawal][] = [
  [
    "the relay is paused",
    "PAUSED",
    (operator, admin) => operator.client(PauseService, admin).pause({ level: PauseLevel.RELAY, reason: "x" }),
  ],
  [
    "its key is revoked",
    "CREDENTIALS_REVOKED",
    (operator, admin) =>
      operator.client(ApiKeyService, admin).revokeApiKey({ tenant: TEST_TENANT, keyId: KEY_ID }),
  ],
  [
    "its tenant is disabled",
    "TENANT_DISABLED",
    (operator, admin) =>
      operator
        .client(TenantService, admin)
        .updateTenant({ tenant: TEST_TENANT, expectedVersion: 1n, disabled: true }),
  ],
  [
    "its policy is tightened",
    "POLICY_NOT_GRANTED",
    (operator, admin) =>
      operator.client(PolicyService, admin).setPolicy({
        tenant: TEST_TENANT,
        expectedVersion: 1n,
        policy: { accounts: OPEN_POLICY.accounts ?? {} },
      }),
  ],
];

test.each(WITHDRAWALS)(
  "a call whose body is still on its way when %s is refused",
  async (_, reason, withdraw) => {
    const operator = await createOperator();
    const relay = await startTestRelay({ settings: { admin: operator.setting } });
    onTestFinished(() => relay.stop());
    const signedDelegate = (await relay.wallets[0]?.delegate()) ?? new Uint8Array();
    const body = toBinary(
      SubmitDelegateRequestSchema,
      create(SubmitDelegateRequestSchema, { network: NETWORK, signedDelegate }),
    );
    const session = http2.connect(relay.app.address);
    onTestFinished(() => session.destroy());
    const headers = { ":method": "POST", ":path": PATH, "content-type": "application/proto", ...AUTH };
    const stream = session.request(headers);
    stream.write(body.subarray(0, 20));
    // A second call on the connection is answered after the first one's headers were judged.
    const ping = session.request({ ...headers, ":path": "/grpc.health.v1.Health/Check" });
    ping.end();
    await once(ping.resume(), "close");
    await withdraw(operator, relay.app.adminAddress);
    stream.end(body.subarray(20));
    const { details } = JSON.parse(await text(stream)) as { details: { debug: { reason: string } }[] };
    expect(details[0]?.debug.reason).toBe(reason);
    expect(relay.devnet.chain.log).toEqual([]);
  },
);

test("a hold that is set while the signer is away still holds when it is back", async () => {
  const operator = await createOperator();
  const world = await startRelayWorld({ settings: { admin: operator.setting } });
  onTestFinished(() => world.stop());
  const app = await createApp(world.config, { log: createLogger("relay", "silent") });
  onTestFinished(() => app.stop());
  const client = relayClient(app.address);
  const pauses = operator.client(PauseService, app.adminAddress);
  const submit = async () => {
    const signedDelegate = (await world.wallets[0]?.delegate()) ?? new Uint8Array();
    return (await client.submitDelegate({ network: NETWORK, signedDelegate })).submission?.id ?? "";
  };
  const stateOf = async (submissionId: string) =>
    (await client.getSubmission({ submissionId })).submission?.state;
  const metrics = async () => (await fetch(`${app.operationsAddress}/metrics`)).text();

  await expect.poll(metrics, PATIENT).toContain('countersign_lanes{which="held"} 1');
  await world.signerGate.close();
  const id = await submit();
  // The lane has it in its hands, and tries.
  await expect.poll(metrics, PATIENT).toMatch(/^countersign_lane_retries_total\{step="signer"\} [1-9]/m);
  await pauses.pause({ level: PauseLevel.RELAY, mode: PauseMode.HOLD, reason: "x" });
  await world.signerGate.open();
  // It would try again within half a second.
  await delay(1_500);
  expect(await stateOf(id)).toBe(SubmissionState.ACCEPTED);
  await pauses.resume({ level: PauseLevel.RELAY });
  await expect.poll(() => stateOf(id), PATIENT).toBe(SubmissionState.SUCCEEDED);
}, 60_000);

test("a hash of another end user's transaction leads a key without scope list to no submission", async () => {
  const browser = testKey(71);
  const relay = await startTestRelay({
    tenants: [
      {
        tenant: TEST_TENANT,
        policy: OPEN_POLICY,
        keys: [{ minted: testKey(7) }, { minted: browser, scopes: ["read", "submit"] }],
      },
    ],
  });
  onTestFinished(() => relay.stop());
  const backend = relayClient(relay.app.address, { ...AUTH, "x-end-user": "alice" });
  const signedDelegate = (await relay.wallets[0]?.delegate()) ?? new Uint8Array();
  const { submission } = await backend.submitDelegate({ network: NETWORK, signedDelegate, waitUntil: 3 });
  const asked = { network: NETWORK, hash: submission?.transaction?.hash ?? "" };
  expect((await backend.getTransaction(asked)).submissionId).toBe(submission?.id);
  const other = relayClient(relay.app.address, { authorization: `Bearer ${browser.text.reveal()}` });
  expect((await other.getTransaction(asked)).submissionId).toBe("");
  const bob = relayClient(relay.app.address, { ...AUTH, "x-end-user": "bob" });
  expect((await bob.getTransaction(asked)).submissionId).toBe("");
});
