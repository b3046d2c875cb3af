import { createProcessRegistry } from "@countersign/server/observability/metrics.ts";
import { createLogger, type ReadinessCheck, serveOperations } from "@countersign/service-kit";
import { expect, onTestFinished, test } from "vitest";

async function start(checks: Record<string, ReadinessCheck> = {}) {
  const stopping = new AbortController();
  const lines: string[] = [];
  const server = await serveOperations({
    listen: { host: "127.0.0.1", port: 0 },
    checks,
    state: () => ({ pauses: 2 }),
    registry: createProcessRegistry(),
    log: createLogger("relay", "info", { write: (line) => void lines.push(line) }),
    stopping: stopping.signal,
  });
  onTestFinished(() => server.close());
  return { get: (path: string) => fetch(server.address + path), stopping, lines };
}

test("the process lives", async () => {
  const { get } = await start();
  expect(await (await get("/healthz")).text()).toBe("ok\n");
});

test("it is ready when every check passes", async () => {
  const { get } = await start({ ledger: async () => 1, signer: async () => 2 });
  const response = await get("/readyz");
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ ready: true, failed: [], state: { pauses: 2 } });
});

test("it is not ready when checks fail or hang; the answer names them and the log says why", async () => {
  const { get, lines } = await start({
    ledger: () => Promise.reject(new Error("password wrong")),
    chain: async () => "fine",
    signer: () => new Promise(() => undefined),
  });
  const response = await get("/readyz");
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ ready: false, failed: ["ledger", "signer"] });
  expect(lines.join("")).toContain("password wrong");
});

test("it is not ready while it stops", async () => {
  const { get, stopping } = await start();
  stopping.abort();
  const response = await get("/readyz");
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ ready: false, failed: ["stopping"] });
});

test("metrics are in Prometheus' format", async () => {
  const { get } = await start();
  const response = await get("/metrics");
  expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
  expect(await response.text()).toContain("process_cpu_seconds_total");
});

test("anything else is not found", async () => {
  const { get } = await start();
  expect((await get("/")).status).toBe(404);
});
