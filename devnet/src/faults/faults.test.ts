import { actions } from "near-api-js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { seededRandom } from "../random.ts";
import type { Signed } from "../testing/test-account.ts";
import { TestDevnet } from "../testing/test-devnet.ts";
import { type FaultKind, Faults } from "./faults.ts";

describe("which calls a fault hits", () => {
  const kinds = (faults: Faults, methods: readonly string[]) =>
    methods.map((method) => faults.hit(method).kind);

  it("all, without limits, until it is switched off", () => {
    const faults = new Faults(Math.random);
    const off = faults.add({ kind: "drop_before" });
    expect(kinds(faults, ["tx", "query"])).toEqual(["drop_before", "drop_before"]);
    off();
    expect(kinds(faults, ["tx"])).toEqual([undefined]);
  });

  it("those of its methods, as often as it says", () => {
    const faults = new Faults(Math.random);
    faults.add({ kind: "rate_limited", methods: ["tx"], times: 2 });
    expect(kinds(faults, ["query", "tx", "tx", "tx"])).toEqual([
      undefined,
      "rate_limited",
      "rate_limited",
      undefined,
    ]);
  });

  it("a share of them, the same ones with the same seed", () => {
    const hits = (seed: number) => {
      const faults = new Faults(seededRandom(seed));
      faults.add({ kind: "bad_gateway", probability: 0.3 });
      return Array.from({ length: 1_000 }, () => faults.hit("tx").kind !== undefined);
    };
    const count = hits(1).filter(Boolean).length;
    expect(count).toBeGreaterThan(230);
    expect(count).toBeLessThan(370);
    expect(hits(1)).toEqual(hits(1));
    expect(hits(1)).not.toEqual(hits(2));
  });

  it("latencies add up, and of the others the first wins and only it is used up", () => {
    const faults = new Faults(Math.random);
    faults.add({ kind: "latency", ms: 20 });
    faults.add({ kind: "latency", ms: 30, methods: ["tx"] });
    faults.add({ kind: "drop_after", times: 1 });
    faults.add({ kind: "bad_gateway", times: 1 });
    expect(faults.hit("tx")).toEqual({ latencyMs: 50, kind: "drop_after" });
    expect(faults.hit("query")).toEqual({ latencyMs: 20, kind: "bad_gateway" });
    faults.clear();
    expect(faults.hit("tx")).toEqual({ latencyMs: 0, kind: undefined });
  });
});

describe("an endpoint with a fault", () => {
  let net: TestDevnet;
  let signed: Signed;
  beforeEach(async () => {
    net = await TestDevnet.start({ endpoints: 2 });
    signed = await net.alice.sign("bob.test", [actions.transfer(1n)]);
  });
  afterEach(() => net.stop());

  const add = (kind: FaultKind) => net.devnet.endpoints[0]?.faults.add({ kind, methods: ["send_tx"] });
  const post = (signal?: AbortSignal) =>
    fetch(net.url, {
      method: "POST",
      body: JSON.stringify({
        id: 1,
        method: "send_tx",
        params: { signed_tx_base64: signed.base64, wait_until: "INCLUDED" },
      }),
      ...(signal === undefined ? {} : { signal }),
    });
  const landed = async () =>
    (await net.run(signed)).transaction.hash === signed.hash && net.chain.log.length === 1;

  it("drop_before closes the connection and the chain never hears of it", async () => {
    add("drop_before");
    await expect(post()).rejects.toThrow("fetch failed");
    expect(net.chain.hasWork).toBe(false);
    expect(net.chain.log).toEqual([]);
  });

  it("drop_after closes the connection though the transaction lands", async () => {
    add("drop_after");
    const included = net.included(1);
    await expect(post()).rejects.toThrow("fetch failed");
    await included;
    expect(net.chain.log.map(({ hash }) => hash)).toEqual([signed.hash]);
  });

  it("hang_after never answers though the transaction lands", async () => {
    add("hang_after");
    const giveUp = new AbortController();
    const included = net.included(1);
    const answer = post(giveUp.signal);
    await included;
    giveUp.abort(new Error("given up"));
    await expect(answer).rejects.toThrow("given up");
  });

  it("hang_before never answers and the chain never hears of it", async () => {
    add("hang_before");
    const giveUp = new AbortController();
    const answer = post(giveUp.signal);
    // The other endpoint's answer comes after the first has read its call.
    await net.call("status", []);
    giveUp.abort(new Error("given up"));
    await expect(answer).rejects.toThrow("given up");
    expect(net.chain.log).toEqual([]);
  });

  it.each([
    ["rate_limited", 429, "Too Many Requests"],
    ["bad_gateway", 502, "Bad Gateway"],
  ] as const)("%s is HTTP %i without JSON", async (kind, status, text) => {
    add(kind);
    const response = await post();
    expect([response.status, await response.text()]).toEqual([status, text]);
    expect(net.chain.log).toEqual([]);
  });

  it.each([
    ["internal_error", 500, -32603, "INTERNAL_ERROR", "INTERNAL_ERROR"],
    ["timeout_error", 408, -32000, "HANDLER_ERROR", "TIMEOUT_ERROR"],
  ] as const)("%s is HTTP %i with code %i", async (kind, http, code, name, cause) => {
    add(kind);
    expect(await net.send(signed)).toMatchObject({ http, error: { code, name, cause: { name: cause } } });
    expect(net.chain.log).toEqual([]);
  });

  it("latency delays what it hits and nothing else", async () => {
    net.devnet.endpoints[0]?.faults.add({ kind: "latency", ms: 400, methods: ["status"] });
    const order: string[] = [];
    const slow = net.call("status", []).then(() => order.push("slow"));
    await net.call("gas_price", [null]).then(() => order.push("quick"));
    await slow;
    expect(order).toEqual(["quick", "slow"]);
  });

  it("leaves the other endpoint and other methods alone", async () => {
    add("bad_gateway");
    expect((await net.call("status", [])).http).toBe(200);
    expect((await net.send(signed, "INCLUDED", 1)).result.transaction.hash).toBe(signed.hash);
  });

  it("is well again when the fault is cleared", async () => {
    add("bad_gateway");
    net.devnet.endpoints[0]?.faults.clear();
    expect(await landed()).toBe(true);
  });
});
