import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { createLogger, serveOperations } from "@countersign/service-kit";
import { createEvents } from "@countersign/signer-service/observability/events.ts";
import { createMetrics, createProcessRegistry } from "@countersign/signer-service/observability/metrics.ts";
import { readinessChecks, readinessState } from "@countersign/signer-service/operations/readiness.ts";
import { ED25519_SCHEME } from "@countersign/signer-service/threshold/schemes/scheme-ids.ts";
import { expect, it, onTestFinished } from "vitest";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { configuredKey, NETWORK, startAdmin, type World } from "./support/admin-world.ts";
import { placeOf } from "./support/memory-backend.ts";

async function start(
  world: World = { places: { hsm: placeOf("a"), cloud: placeOf() }, keys: [configuredKey("a")] },
) {
  const signer = await startAdmin(world);
  const sources = {
    ping: () => signer.store.ping(),
    keys: () => signer.keys.list(),
    backends: () => signer.health.states(),
    missing: () => signer.ring.missing(),
    lockKeys: async () => [],
    masterSecrets: () => [
      { scheme: ED25519_SCHEME, network: "testnet", epoch: 1, problem: "" },
      { scheme: ED25519_SCHEME, network: "testnet", epoch: 2, problem: "hsm gives no answer" },
    ],
  };
  const operations = await serveOperations({
    listen: { host: "127.0.0.1", port: 0 },
    checks: readinessChecks(sources),
    state: () => readinessState(sources),
    registry: signer.registry,
    log: createLogger("signer", "silent"),
    stopping: new AbortController().signal,
  });
  onTestFinished(() => operations.close());
  const ready = async () => {
    const response = await fetch(`${operations.address}/readyz`);
    return { status: response.status, body: await response.json() };
  };
  const metrics = async () => (await fetch(`${operations.address}/metrics`)).text();
  return { ...signer, ready, metrics };
}

it("is ready once a key can sign, whatever another backend does, and not while none can", async () => {
  const { client, ready, opened, health } = await start();
  expect(await ready()).toMatchObject({ status: 503, body: { failed: ["keys"] } });
  await client.setNonceFloors({ floors: [{ keyId: "a", nonce: 1n }] });
  expect(await ready()).toMatchObject({ status: 200, body: { ready: true } });

  const [hsm, cloud] = opened;
  if (hsm === undefined || cloud === undefined) throw new Error("two backends");
  cloud.isAway = true;
  await health.ask();
  expect(await ready()).toMatchObject({
    status: 200,
    body: {
      state: {
        backends: { hsm: "ok", cloud: "cloud gives no answer" },
        master_secrets: { "testnet/1": "ok", "testnet/2": "hsm gives no answer" },
      },
    },
  });
  await client.pauseKey({ keyId: "a", reason: "incident" });
  expect(await ready()).toMatchObject({ status: 503, body: { failed: ["keys"] } });
  await client.resumeKey({ keyId: "a" });
  hsm.isAway = true;
  await health.ask();
  expect(await ready()).toMatchObject({ status: 503, body: { failed: ["keys"] } });
});

it("stays ready with a backend that answers, though one of the backend's keys is lost", async () => {
  const folder = temporaryDirectory();
  const hsm = placeOf("a");
  const first = await start({ folder, places: { hsm }, keys: [configuredKey("a")] });
  await first.client.setNonceFloors({ floors: [{ keyId: "a", nonce: 1n }] });
  await first.client.generateKey({ backend: "hsm", keyId: "b", network: NETWORK, accountId: "relay.near" });
  await first.stop();
  hsm.delete("made-b");

  const { client, ready, metrics } = await start({ folder, places: { hsm }, keys: [configuredKey("a")] });
  const problem = expect.stringContaining("key b: hsm holds no made-b");
  expect(await ready()).toMatchObject({ status: 200, body: { state: { backends: { hsm: problem } } } });
  expect((await client.getStatus({})).backends).toMatchObject([{ healthy: true, problem }]);
  expect(await metrics()).toContain('countersign_signer_backend_up{backend="hsm"} 1');
});

it("is not ready while the one key that could sign is lost", async () => {
  const folder = temporaryDirectory();
  const hsm = placeOf("b");
  const first = await start({ folder, places: { hsm }, keys: [configuredKey("b")] });
  await first.client.generateKey({ backend: "hsm", keyId: "a", network: NETWORK, accountId: "relay.near" });
  await first.client.activateKey({ keyId: "a", nonceFloor: 1n });
  expect(await first.ready()).toMatchObject({ status: 200 });
  await first.stop();
  hsm.delete("made-a");
  const { ready } = await start({ folder, places: { hsm }, keys: [configuredKey("b")] });
  expect(await ready()).toMatchObject({ status: 503, body: { failed: ["keys"] } });
});

it("is not ready without its store, and its gauges of keys are absent then", async () => {
  const { ready, metrics, client, stop } = await start();
  await client.setNonceFloors({ floors: [{ keyId: "a", nonce: 1n }] });
  expect(await metrics()).toContain('countersign_signer_keys{state="ACTIVE"} 1');
  await stop();
  expect(await ready()).toMatchObject({ status: 503, body: { failed: ["store", "keys"] } });
  expect(await metrics()).not.toContain("countersign_signer_keys{");
});

it("tells keys by state, those paused and locked, backends and the journal", async () => {
  const { client, metrics } = await start();
  const before = await metrics();
  for (const line of [
    'countersign_signer_keys{state="ACTIVE"} 1',
    'countersign_signer_keys{state="PENDING"} 0',
    "countersign_signer_keys_paused 0",
    "countersign_signer_keys_locked 1",
    "countersign_signer_journal_locked 1",
    "countersign_signer_journal_entries 0",
    'countersign_signer_backend_up{backend="hsm"} 1',
  ]) {
    expect(before).toContain(line);
  }
  await client.setNonceFloors({ floors: [{ keyId: "a", nonce: 1n }] });
  await client.pauseKey({ keyId: "a", reason: "incident" });
  const after = await metrics();
  expect(after).toMatch(/^nodejs_eventloop_lag_seconds /m);
  expect(after).toContain("countersign_signer_keys_paused 1");
  expect(after).toContain("countersign_signer_journal_locked 0");
});

it("counts signatures by key, purpose, outcome and reason, and never a key that a caller made up", async () => {
  const registry = createProcessRegistry();
  const lines: string[] = [];
  const log = createLogger("signer", "info", { write: (line) => void lines.push(line) });
  const events = createEvents(log, createMetrics(registry));
  const { ring } = await start();
  events.keysLoaded(ring.all());
  const facts = {
    purpose: "DELEGATE",
    payloadHash: new Uint8Array(32),
    tenant: "",
    submissionId: "",
  } as const;
  const refused = { kind: "refused", ...facts, message: "no", cause: undefined } as const;
  events.batchAnswered({
    requestId: "r",
    network: "testnet",
    durationMs: 0.2,
    results: [
      {
        kind: "signed",
        keyId: "a",
        purpose: "DELEGATE",
        signedTransaction: new Uint8Array(9),
        hash: new Uint8Array(32),
      },
      { ...refused, keyId: "a", reason: ErrorReason.SIGNER_POLICY_DENIED },
      { ...refused, keyId: "a", reason: ErrorReason.SIGNER_BACKEND_UNAVAILABLE },
      { ...refused, keyId: "made-up-by-a-caller", purpose: "", reason: ErrorReason.SIGNER_KEY_NOT_FOUND },
    ],
  });
  const text = await registry.metrics();
  const counted = (key: string, purpose: string, outcome: string, reason: string) =>
    `signatures_total{key="${key}",purpose="${purpose}",outcome="${outcome}",reason="${reason}"} 1`;
  expect(text).toContain(counted("a", "DELEGATE", "succeeded", ""));
  expect(text).toContain(counted("a", "DELEGATE", "denied", "SIGNER_POLICY_DENIED"));
  expect(text).toContain(counted("a", "DELEGATE", "failed", "SIGNER_BACKEND_UNAVAILABLE"));
  expect(text).toContain(counted("", "", "denied", "SIGNER_KEY_NOT_FOUND"));
  expect(text).not.toContain("made-up");
  expect(text).toContain('countersign_signer_call_seconds_bucket{le="0.0001"} 0');
  expect(text).toContain('countersign_signer_call_seconds_bucket{le="0.00025"} 1');
  expect(lines.filter((line) => line.includes("transaction refused"))).toHaveLength(3);
});
