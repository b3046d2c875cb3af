import { expect, it, onTestFinished } from "vitest";
import { startTestRelay } from "../support/test-relay.ts";
import { submit } from "./support/submitting.ts";

async function start() {
  const relay = await startTestRelay();
  onTestFinished(() => relay.stop());
  const get = (path: string) => fetch(relay.app.operationsAddress + path);
  return { relay, get, ready: async () => (await get("/readyz")).json() };
}

it("/readyz names the signer once it is gone; /healthz goes on", async () => {
  const { relay, get, ready } = await start();
  expect(await ready()).toMatchObject({ ready: true, failed: [] });
  await relay.stopSigner();
  expect((await get("/readyz")).status).toBe(503);
  expect(await ready()).toMatchObject({ ready: false, failed: ["signer"] });
  expect((await get("/healthz")).status).toBe(200);
});

it("/readyz names the chain while no endpoint answers, and is ready again afterwards", async () => {
  const { relay, ready } = await start();
  const [endpoint] = relay.devnet.endpoints;
  const back = endpoint?.faults.add({ kind: "bad_gateway" });
  await expect.poll(ready, { timeout: 20_000 }).toMatchObject({ ready: false, failed: ["chain"] });
  back?.();
  await expect.poll(ready, { timeout: 20_000 }).toMatchObject({ ready: true, failed: [] });
});

it("/metrics counts calls, submissions, changes of state and lanes", async () => {
  const { relay, get } = await start();
  await submit(relay);
  await relay.client.getSubmission({ submissionId: "sub_nobody" }).catch(() => undefined);
  const metrics = await (await get("/metrics")).text();
  const value = (name: string, ...labels: string[]) => {
    const line = metrics
      .split("\n")
      .find((l) => l.startsWith(`countersign_${name}`) && labels.every((label) => l.includes(label)));
    return Number(line?.split(" ").at(-1));
  };
  expect(value("rpcs_total", 'method="SubmitDelegate"', 'code="ok"')).toBe(1);
  expect(value("rpcs_total", 'reason="SUBMISSION_NOT_FOUND"', 'code="not_found"')).toBe(1);
  expect(value("submissions_accepted_total")).toBe(1);
  expect(value("submission_transitions_total", 'to="SUCCEEDED"')).toBe(1);
});
