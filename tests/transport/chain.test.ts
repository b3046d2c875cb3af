import type { DescMethod } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { ServerReflection } from "@countersign/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "@countersign/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { Health } from "@countersign/gen/health/v1/health_pb.ts";
import { describe, expect, test } from "vitest";
import { startPublicRelay } from "./public-relay.ts";
import { unexpected } from "./small-relay.ts";

const METHODS: DescMethod[] = [RelayService, Health, ServerReflection, ServerReflectionAlpha].flatMap(
  (s) => s.methods,
);

/** Calls any method with an empty message and reads the answer to its end, or to its first message. */
async function callAny(baseUrl: string, method: DescMethod): Promise<void> {
  const transport = createGrpcTransport({ baseUrl });
  if (method.methodKind === "unary") {
    await transport.unary(
      method as DescMethod & { methodKind: "unary" },
      undefined,
      undefined,
      { "x-request-id": "chain" },
      create(method.input),
    );
    return;
  }
  async function* one() {
    yield create(method.input);
  }
  const response = await transport.stream(
    method as DescMethod & { methodKind: "server_streaming" },
    undefined,
    undefined,
    { "x-request-id": "chain" },
    one(),
  );
  for await (const _ of response.message) break;
}

test.each(METHODS.map((m) => [`${m.parent.typeName}/${m.name}`, m] as const))(
  "%s goes through the chain",
  async (_, method) => {
    const relay = await startPublicRelay();
    await callAny(relay.address, method).catch(() => undefined);
    await relay.drain(1000);
    expect(relay.lines().filter((l) => l.msg === "rpc finished")).toMatchObject([
      { rpc_service: method.parent.typeName, rpc_method: method.name, request_id: "chain" },
    ]);
  },
);

describe("what ended is logged once and counted", () => {
  async function finished(call: (relay: Awaited<ReturnType<typeof startPublicRelay>>) => Promise<unknown>) {
    const relay = await startPublicRelay();
    await call(relay);
    await relay.drain(1000);
    const lines = relay.lines().filter((l) => l.msg === "rpc finished");
    const metric = await relay.registry.getSingleMetric("countersign_rpcs_total")?.get();
    const counted = metric?.values.map(({ value, labels }) => ({
      value,
      code: labels.code,
      reason: labels.reason,
    }));
    return { lines: lines.map(({ code, reason }) => ({ code, reason })), counted };
  }
  const clientOf = (baseUrl: string) =>
    createClient(RelayService, createConnectTransport({ baseUrl, httpVersion: "1.1" }));

  test("a success", async () => {
    const outcome = await finished((relay) => clientOf(relay.address).getRelayInfo({}));
    expect(outcome).toEqual({
      lines: [{ code: "ok", reason: "" }],
      counted: [{ value: 1, code: "ok", reason: "" }],
    });
  });

  test("a stream to its end", async () => {
    const outcome = await finished(async (relay) => {
      for await (const _ of clientOf(relay.address).watchSubmission({ submissionId: "s" }));
    });
    expect(outcome.lines).toEqual([{ code: "ok", reason: "" }]);
  });

  test.each([
    ["a violation of a rule", "", { code: "invalid_argument", reason: "FIELD_INVALID" }],
    ["a message too large", "x".repeat(300_000), { code: "resource_exhausted", reason: "REQUEST_TOO_LARGE" }],
  ])("%s", async (_, submissionId, expected) => {
    const outcome = await finished((relay) =>
      clientOf(relay.address).getSubmission({ submissionId }).then(unexpected, ConnectError.from),
    );
    expect(outcome).toEqual({ lines: [expected], counted: [{ value: 1, ...expected }] });
  });

  test("a message that cannot be read", async () => {
    const outcome = await finished((relay) =>
      fetch(`${relay.address}/countersign.relay.v1.RelayService/GetRelayInfo`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "{",
      }),
    );
    expect(outcome.lines).toEqual([{ code: "invalid_argument", reason: "FIELD_INVALID" }]);
  });
});
