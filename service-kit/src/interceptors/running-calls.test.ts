import { setTimeout as delay } from "node:timers/promises";
import { createClient, createContextKey, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { Health } from "@countersign/gen/health/v1/health_pb.ts";
import { expect, test } from "vitest";
import { errorFromConnect } from "../connect-errors.ts";
import { createLogger } from "../log.ts";
import { errorInterceptor } from "./errors.ts";
import { type RunningCalls, runningCallsInterceptor } from "./running-calls.ts";

const ownerKey = createContextKey("");

/** Clients of one service whose calls stand until `end`. Header "owner" says whose a call is. */
function serviceWith(limits: RunningCalls) {
  const ended = Promise.withResolvers<void>();
  const named: Interceptor = (next) => (request) => {
    request.contextValues.set(ownerKey, request.header.get("owner") ?? "");
    return next(request);
  };
  const transport = createRouterTransport(
    ({ service }) => {
      service(RelayService, {
        async getRelayInfo() {
          await ended.promise;
          return {};
        },
      });
      service(Health, {
        check: () => ({}),
        async *watch() {
          yield {};
          await ended.promise;
        },
      });
    },
    {
      router: {
        interceptors: [
          errorInterceptor(createLogger("relay", "silent")),
          named,
          runningCallsInterceptor(limits),
        ],
      },
    },
  );
  const relay = createClient(RelayService, transport);
  return {
    health: createClient(Health, transport),
    call: (owner: string) =>
      relay.getRelayInfo({}, { headers: { owner } }).then(
        () => "answered",
        (error: unknown) => errorFromConnect(error).reason,
      ),
    end: () => ended.resolve(),
  };
}

test("one owner gets its share of the running calls, and the others the rest", async () => {
  const ownerOf: RunningCalls["ownerOf"] = (values) => values.get(ownerKey) || undefined;
  const { call, end } = serviceWith({ max: 4, ownerOf, share: 0.5 });
  const running = [call("acme"), call("acme")];
  await delay(0);
  expect(await call("acme")).toBe(ErrorReason.OVERLOADED);
  running.push(call("globex"), call(""));
  await delay(0);
  expect(await call("globex")).toBe(ErrorReason.OVERLOADED);
  end();
  expect(await Promise.all(running)).toEqual(Array(4).fill("answered"));
  expect(await call("acme")).toBe("answered");
});

test("standing watches take no room from calls, and have a bound of their own; checks are answered always", async () => {
  const { call, health, end } = serviceWith({ max: 1 });
  const watches = Array.from({ length: 64 }, () => health.watch({})[Symbol.asyncIterator]());
  await Promise.all(watches.map((watch) => watch.next()));
  const refusal = await health.watch({})[Symbol.asyncIterator]().next().catch(errorFromConnect);
  expect(refusal).toMatchObject({ reason: ErrorReason.OVERLOADED });
  const running = call("acme");
  await delay(0);
  await health.check({});
  end();
  expect(await running).toBe("answered");
});
