import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { deadlineKey, errorFromConnect, timeLeftMs } from "@countersign/service-kit";
import { describe, expect, test } from "vitest";
import { type SmallRelayOptions, startSmallRelay, unexpected } from "./small-relay.ts";

const never = new Promise<never>(() => undefined);
const deadlineExceeded = { reason: ErrorReason.DEADLINE_EXCEEDED, code: Code.DeadlineExceeded };

describe.each(["Connect", "gRPC"])("%s", (protocol) => {
  async function start(options: SmallRelayOptions) {
    const { address: baseUrl } = await startSmallRelay(options);
    const transport =
      protocol === "gRPC"
        ? createGrpcTransport({ baseUrl })
        : createConnectTransport({ baseUrl, httpVersion: "1.1" });
    return createClient(RelayService, transport);
  }

  test("a call that names no deadline ends at the default, whatever its handler does", async () => {
    const relay = await start({ defaultDeadlineMs: 30, implementation: { getRelayInfo: () => never } });
    expect(await relay.getRelayInfo({}).then(unexpected, errorFromConnect)).toMatchObject(deadlineExceeded);
  });

  test("a stream ends at the default deadline, after what it sent", async () => {
    const relay = await start({
      defaultDeadlineMs: 100,
      implementation: {
        async *watchSubmission() {
          yield { cursor: "1" };
          await never;
        },
      },
    });
    const cursors: string[] = [];
    const reading = (async () => {
      for await (const { cursor } of relay.watchSubmission({ submissionId: "s" })) cursors.push(cursor);
    })();
    expect(await reading.then(unexpected, errorFromConnect)).toMatchObject(deadlineExceeded);
    expect(cursors).toEqual(["1"]);
  });

  test("the handler knows the caller's deadline", async () => {
    let left: number | undefined;
    const relay = await start({
      implementation: {
        getRelayInfo: (_, context) => {
          left = timeLeftMs(context.values);
          return {};
        },
      },
    });
    await relay.getRelayInfo({}, { timeoutMs: 45_000 });
    expect(left).toBeGreaterThan(10_000);
    expect(left).toBeLessThanOrEqual(45_000);
  });

  test("the handler knows the default deadline, and can answer before it", async () => {
    const relay = await start({
      defaultDeadlineMs: 10_000,
      implementation: {
        getRelayInfo: async (_, context) => {
          expect(context.values.get(deadlineKey)).toBeLessThan(Number.POSITIVE_INFINITY);
          await new Promise((resolve) => setTimeout(resolve, timeLeftMs(context.values) - 9_800));
          return { network: "as it stands" };
        },
      },
    });
    expect((await relay.getRelayInfo({})).network).toBe("as it stands");
  });

  test("the handler's signal aborts at the deadline", async () => {
    const aborted = Promise.withResolvers<unknown>();
    const relay = await start({
      defaultDeadlineMs: 30,
      implementation: {
        getRelayInfo: (_, { signal }) => {
          signal.addEventListener("abort", () => aborted.resolve(signal.reason));
          return never;
        },
      },
    });
    await relay.getRelayInfo({}).then(unexpected, () => undefined);
    expect(await aborted.promise).toMatchObject({ code: Code.DeadlineExceeded });
  });

  test("the handler's signal aborts when the caller leaves, and that is no fault", async () => {
    const started = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<unknown>();
    const relay = await start({
      implementation: {
        getRelayInfo: (_, { signal }) => {
          signal.addEventListener("abort", () => aborted.resolve(signal.reason));
          started.resolve();
          return never;
        },
      },
    });
    const caller = new AbortController();
    const call = relay.getRelayInfo({}, { signal: caller.signal });
    await started.promise;
    caller.abort();
    expect(await call.then(unexpected, errorFromConnect)).toMatchObject({ code: Code.Canceled });
    expect(await aborted.promise).toMatchObject({ code: Code.Canceled });
  });
});
