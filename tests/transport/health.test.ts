import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Health, HealthCheckResponse_ServingStatus as Status } from "@countersign/gen/health/v1/health_pb.ts";
import { expect, test } from "vitest";
import { startSmallRelay, unexpected } from "./small-relay.ts";

async function start(options: Parameters<typeof startSmallRelay>[0] = {}) {
  const relay = await startSmallRelay(options);
  return { relay, health: createClient(Health, createGrpcTransport({ baseUrl: relay.address })) };
}

test("check follows what the process says of itself", async () => {
  const { relay, health } = await start();
  const service = "countersign.relay.v1.RelayService";
  expect((await health.check({})).status).toBe(Status.SERVING);
  expect((await health.check({ service })).status).toBe(Status.SERVING);
  relay.setServing(false);
  expect((await health.check({ service })).status).toBe(Status.NOT_SERVING);
});

test("check of an unknown service is NOT_FOUND", async () => {
  const { health } = await start();
  const error = await health.check({ service: "no.Such" }).then(unexpected, ConnectError.from);
  expect(error.code).toBe(Code.NotFound);
});

test("list names every service", async () => {
  const { health } = await start();
  const { statuses } = await health.list({});
  expect(Object.keys(statuses)).toEqual(["", "grpc.health.v1.Health", "countersign.relay.v1.RelayService"]);
});

test("watch tells each change once, outlives the default deadline, and ends after NOT_SERVING at a drain", async () => {
  const { relay, health } = await start({ defaultDeadlineMs: 30 });
  const statuses: (string | number)[] = [];
  for await (const { status } of health.watch({})) {
    statuses.push(status);
    if (statuses.length === 1) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      relay.setServing(true);
      relay.setServing(false);
    } else if (statuses.length === 2) {
      relay.setServing(true);
    } else if (statuses.length === 3) {
      void relay.drain(30_000);
    }
  }
  expect(statuses).toEqual([Status.SERVING, Status.NOT_SERVING, Status.SERVING, Status.NOT_SERVING]);
});

test("watch of an unknown service says so and stays", async () => {
  const { health } = await start();
  const caller = new AbortController();
  const watch = health.watch({ service: "no.Such" }, { signal: caller.signal })[Symbol.asyncIterator]();
  expect((await watch.next()).value).toMatchObject({ status: Status.SERVICE_UNKNOWN });
  caller.abort();
  expect((await watch.next().then(unexpected, ConnectError.from)).code).toBe(Code.Canceled);
});
