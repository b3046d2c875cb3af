import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { Ed25519SigningService } from "@countersign/gen/countersign/threshold/v1/ed25519_service_pb.ts";
import { Health } from "@countersign/gen/health/v1/health_pb.ts";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../clients/web/src/clock.ts";
import { errorOf } from "../../clients/web/src/countersign-error.ts";
import { relayClientWith } from "../../clients/web/src/relay-client.ts";
import { DEFAULT_RETRY } from "../../clients/web/src/retry-policy.ts";
import { retrying } from "../../clients/web/src/retrying-transport.ts";
import { handClock } from "./hand-clock.ts";
import { PROTOCOLS } from "./protocols.ts";
import { bareError, failing, refusal, type ScriptedRelay, startScriptedRelay } from "./scripted-relay.ts";

const started: ScriptedRelay[] = [];
afterEach(async () => {
  for (const relay of started.splice(0)) await relay.stop();
});
async function start(...args: Parameters<typeof startScriptedRelay>): Promise<ScriptedRelay> {
  const relay = await startScriptedRelay(...args);
  started.push(relay);
  return relay;
}
const failed = () => expect.fail("it should have failed");

describe.each(PROTOCOLS)("over %s, a call", (_, protocol) => {
  /** A client of a relay whose GetRelayInfo fails with the errors, then answers. */
  async function relayThatFails(...errors: ReturnType<typeof refusal>[]) {
    const { calls, call } = failing(errors, { network: "testnet" });
    const { baseUrl } = await start({ getRelayInfo: call });
    const clock = handClock();
    return { calls, clock, client: relayClientWith({ baseUrl, ...protocol }, clock) };
  }

  it.each([
    ["UNAVAILABLE", refusal(ErrorReason.LEDGER_UNAVAILABLE, 700)],
    ["RATE_LIMITED", refusal(ErrorReason.RATE_LIMITED, 700)],
    ["OVERLOADED", refusal(ErrorReason.OVERLOADED, 700)],
    ["QUEUE_FULL", refusal(ErrorReason.QUEUE_FULL, 700)],
  ])("refused with %s is repeated, not before RetryInfo allows it", async (_, error) => {
    const { calls, clock, client } = await relayThatFails(error, error);
    expect((await client.getRelayInfo({})).network).toBe("testnet");
    expect(calls.count).toBe(3);
    expect(clock.waits).toEqual([800, 800]);
  });

  it("refused without RetryInfo is repeated after waits that double", async () => {
    const errors = [bareError(Code.Unavailable), bareError(Code.Aborted), bareError(Code.Unavailable)];
    const { clock, client } = await relayThatFails(...errors);
    await client.getRelayInfo({});
    expect(clock.waits).toEqual([100, 200, 400]);
  });

  it("refused with Retry-After alone is repeated after it", async () => {
    const { clock, client } = await relayThatFails(bareError(Code.Unavailable, { "Retry-After": "3" }));
    await client.getRelayInfo({});
    expect(clock.waits).toEqual([3100]);
  });

  it.each([
    ["BUDGET_EXHAUSTED", refusal(ErrorReason.BUDGET_EXHAUSTED, 100), Code.ResourceExhausted],
    ["REQUEST_TOO_LARGE", refusal(ErrorReason.REQUEST_TOO_LARGE), Code.ResourceExhausted],
    ["VERSION_CONFLICT", refusal(ErrorReason.VERSION_CONFLICT), Code.Aborted],
    ["FIELD_INVALID", refusal(ErrorReason.FIELD_INVALID), Code.InvalidArgument],
    ["INTERNAL", refusal(ErrorReason.INTERNAL), Code.Internal],
    ["UNSPECIFIED", bareError(Code.ResourceExhausted), Code.ResourceExhausted],
    ["UNSPECIFIED", bareError(Code.ResourceExhausted, { "Retry-After": "1" }), Code.ResourceExhausted],
  ])("refused with %s is not repeated", async (reason, error, code) => {
    const { calls, client } = await relayThatFails(error);
    expect(await client.getRelayInfo({}).then(failed, errorOf)).toMatchObject({ reason, code });
    expect(calls.count).toBe(1);
  });

  it("is repeated as often as allowed, and then fails with the last error", async () => {
    const error = refusal(ErrorReason.CHAIN_UNAVAILABLE, 10);
    const { calls, client } = await relayThatFails(...Array(9).fill(error));
    const { reason, retryAfterMs } = await client.getRelayInfo({}).then(failed, errorOf);
    expect({ reason, retryAfterMs, calls: calls.count }).toEqual({
      reason: "CHAIN_UNAVAILABLE",
      retryAfterMs: 10,
      calls: 4,
    });
  });

  it("is not repeated when the relay asks for more patience than allowed", async () => {
    const { calls, client } = await relayThatFails(refusal(ErrorReason.PAUSED, 10_001));
    expect(await client.getRelayInfo({}).then(failed, errorOf)).toMatchObject({ reason: "PAUSED" });
    expect(calls.count).toBe(1);
  });

  it("is not repeated beyond its deadline", async () => {
    const { calls, client } = await relayThatFails(...Array(3).fill(refusal(ErrorReason.OVERLOADED, 4000)));
    const error = await client.getRelayInfo({}, { timeoutMs: 8000 }).then(failed, errorOf);
    expect(error).toMatchObject({ reason: "OVERLOADED", retryAfterMs: 4000 });
    expect(calls.count).toBe(2);
  });

  it("announces with each attempt what is left of the deadline", async () => {
    const announced: (number | undefined)[] = [];
    const { baseUrl } = await start({
      getRelayInfo: (_, context) => {
        announced.push(Math.ceil((context.timeoutMs() ?? 0) / 1000));
        if (announced.length < 3) throw refusal(ErrorReason.OVERLOADED, 4900);
        return {};
      },
    });
    await relayClientWith({ baseUrl, ...protocol }, handClock()).getRelayInfo({});
    expect(announced).toEqual([30, 25, 20]);
  });

  it("that waits for its next attempt ends at once when it is aborted", async () => {
    const error = refusal(ErrorReason.OVERLOADED, 9000);
    const { calls, call } = failing(Array(9).fill(error), {});
    const { baseUrl } = await start({ getRelayInfo: call });
    const waiting = Promise.withResolvers<void>();
    const wait: typeof systemClock.wait = (ms, signal) => {
      const waited = systemClock.wait(ms * 1000, signal);
      waiting.resolve();
      return waited;
    };
    const client = relayClientWith({ baseUrl, timeoutMs: 0, ...protocol }, { ...systemClock, wait });
    const controller = new AbortController();
    const running = client.getRelayInfo({}, { signal: controller.signal }).then(failed, errorOf);
    await waiting.promise;
    controller.abort();
    expect(await running).toMatchObject({ code: Code.Canceled, reason: "UNSPECIFIED" });
    expect(calls.count).toBe(1);
  });

  it("whose connection is lost is repeated", async () => {
    let calls = 0;
    const relay = await start({
      getRelayInfo: async () => {
        if (calls++ === 0) relay.cut();
        return { network: "testnet" };
      },
    });
    const client = relayClientWith({ baseUrl: relay.baseUrl, ...protocol }, handClock());
    expect((await client.getRelayInfo({})).network).toBe("testnet");
    expect(calls).toBe(2);
  });

  it("to a relay that is not there fails as unavailable after all attempts", async () => {
    const relay = await start({});
    await relay.stop();
    const clock = handClock();
    const client = relayClientWith({ baseUrl: relay.baseUrl, ...protocol }, clock);
    expect(await client.getRelayInfo({}).then(failed, errorOf)).toMatchObject({ code: Code.Unavailable });
    expect(clock.waits).toHaveLength(3);
  });
});

it("a method without an idempotency level is never repeated", async () => {
  const { calls, call } = failing([bareError(Code.Unavailable)], {});
  const { baseUrl } = await start({}, (router) => router.service(Health, { check: call }));
  const clock = handClock();
  const transport = retrying(createConnectTransport({ baseUrl }), DEFAULT_RETRY, 0, clock);
  const check = createClient(Health, transport).check({});
  expect(await check.then(failed, errorOf)).toMatchObject({ code: Code.Unavailable });
  expect({ calls: calls.count, waits: clock.waits }).toEqual({ calls: 1, waits: [] });
});

it("a round of a protocol is never repeated, whatever its contract says", async () => {
  const finalize = failing([bareError(Code.Unavailable)], {});
  const { baseUrl } = await start({}, (router) =>
    router.service(Ed25519SigningService, { signFinalize: finalize.call }),
  );
  const clock = handClock();
  const client = createClient(
    Ed25519SigningService,
    retrying(createConnectTransport({ baseUrl }), DEFAULT_RETRY, 0, clock),
  );
  const request = { signingSessionId: "s", keyId: "k", digest: new Uint8Array(32) };
  expect(await client.signFinalize(request).then(failed, errorOf)).toMatchObject({ code: Code.Unavailable });
  expect({ calls: finalize.calls.count, waits: clock.waits }).toEqual({ calls: 1, waits: [] });
});
