import { describe, expect, it } from "vitest";
import { ChainError } from "./chain-error.ts";
import { Endpoints } from "./endpoints.ts";
import { any, destroy, kindOf, node, result, rpcOver, rpcWith, status } from "./scripted-node.ts";

function start(count: number) {
  const clock = { now: 0 };
  return { clock, endpoints: new Endpoints({ count, now: () => clock.now, random: () => 1 }) };
}

const first = (endpoints: Endpoints) => endpoints.ranked("read")[0]?.endpoint;

describe("reads go", () => {
  it("to the first endpoint of equals, and do not wander", () => {
    const { endpoints } = start(3);
    expect(first(endpoints)).toBe(0);
    for (let i = 0; i < 20; i++) endpoints.at(0).answered("read", 120);
    for (let i = 0; i < 20; i++) endpoints.at(1).answered("read", 100);
    expect(first(endpoints)).toBe(0);
  });

  it("to one that is clearly quicker", () => {
    const { endpoints } = start(2);
    for (let i = 0; i < 20; i++) endpoints.at(0).answered("read", 800);
    for (let i = 0; i < 20; i++) endpoints.at(1).answered("read", 50);
    expect(first(endpoints)).toBe(1);
  });

  it("around one that asks to be left alone, for a minute at most", () => {
    const { clock, endpoints } = start(2);
    const asks = new ChainError("rate-limited", "", { retryAfterMs: 86_400_000 });
    endpoints.at(0).failed("read", asks);
    expect(endpoints.at(0).heldMs).toBe(60_000);
    expect(first(endpoints)).toBe(1);
    clock.now = 60_001;
    expect(endpoints.at(0).heldMs).toBe(0);
  });

  it("to none that is three final blocks behind, until it has caught up", () => {
    const { endpoints } = start(2);
    endpoints.at(0).noteHead(100n);
    endpoints.at(1).noteHead(102n);
    expect(first(endpoints)).toBe(0);
    endpoints.at(1).noteHead(103n);
    expect(first(endpoints)).toBe(1);
    endpoints.at(0).noteHead(103n);
    endpoints.stayAt(0);
    expect(first(endpoints)).toBe(0);
  });

  it("to the best all the same when none is well", () => {
    const { endpoints } = start(2);
    const error = new ChainError("unavailable", "");
    for (let i = 0; i < 3; i++) for (const e of [0, 1]) endpoints.at(e).failed("read", error);
    endpoints.at(1).failed("read", error);
    expect(endpoints.ranked("read")).toMatchObject([
      { endpoint: 0, takes: false },
      { endpoint: 1, takes: false },
    ]);
    expect(endpoints.answering()).toEqual([0, 1]);
  });
});

describe("an endpoint that asks to be left alone", () => {
  it("is not called until then, and others are meanwhile", async () => {
    let now = 0;
    const limited = await node(status(429, "", { "retry-after": "5" }), result("limited"));
    const rpc = rpcWith({ now: () => now }, limited, await node(result("other"), destroy));
    expect(await rpc.call("m", [], any)).toBe("other");
    expect(await kindOf(rpc.call("m", [], { ...any, endpoint: 0 }))).toBe("rate-limited");
    expect(limited.requests()).toBe(1);
    now = 5_000;
    expect(await rpc.call("m", [], { ...any, endpoint: 0 })).toBe("limited");
  });

  it("is called at once when it names no time", async () => {
    const limited = await node(status(429), result(1));
    expect(await (await rpcOver(limited)).call("m", [], any)).toBe(1);
  });
});

it("an endpoint that fails is left alone after three calls, and asked again by one call after the pause", async () => {
  let now = 0;
  const broken = await node(destroy, destroy, destroy, result("well"));
  const rpc = rpcWith({ now: () => now, retries: 0, random: () => 1 }, broken);
  for (let i = 0; i < 3; i++) await kindOf(rpc.call("m", [], { ...any, endpoint: 0 }));
  const report = () => rpc.endpoints.reports()[0]?.reads;
  expect(report()).toBe("OPEN");
  now = 1_000;
  expect(report()).toBe("HALF_OPEN");
  expect(await rpc.call("m", [], any)).toBe("well");
  expect(report()).toBe("CLOSED");
});
