import { actions } from "near-api-js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NEAR, TestDevnet } from "../testing/test-devnet.ts";

describe("the switches over HTTP", () => {
  let net: TestDevnet;
  beforeEach(async () => {
    net = await TestDevnet.start({ blockTimeMs: undefined, endpoints: 2 });
  });
  afterEach(() => net.stop());

  const admin = async (method: string, params?: unknown) => {
    const body = JSON.stringify({ method, params });
    const response = await fetch(net.devnet.adminUrl, { method: "POST", body });
    return { http: response.status, ...((await response.json()) as { result?: unknown; error?: string }) };
  };
  const status = async (endpoint: number) => (await net.call("status", [], endpoint)).result.sync_info;

  it("produce blocks and list what was included", async () => {
    const signed = await net.alice.sign("bob.test", [actions.transfer(1n)]);
    await net.send(signed, "NONE");
    const { height } = net.chain.head;
    expect((await admin("produce_block", { count: 3 })).result).toBe(Number(height) + 3);
    expect((await admin("log")).result).toEqual([
      {
        hash: signed.hash,
        signerId: "alice.test",
        publicKey: net.alice.publicKey,
        nonce: 1,
        receiverId: "bob.test",
        blockHeight: Number(height) + 1,
      },
    ]);
  });

  it("bump a nonce and add an account", async () => {
    const params = { account_id: "alice.test", public_key: net.alice.publicKey, by: 7 };
    expect((await admin("bump_nonce", params)).result).toBe(7);
    await admin("add_account", { id: "new.test", balance: NEAR.toString() });
    expect(net.chain.stateAt().account("new.test")?.amount).toBe(NEAR);
  });

  it("set and clear faults at one endpoint or at all", async () => {
    await admin("faults.add", { endpoint: 1, fault: { kind: "bad_gateway" } });
    expect((await fetch(net.urlOf(0), { method: "POST", body: '{"method":"status"}' })).status).toBe(200);
    expect((await fetch(net.urlOf(1), { method: "POST", body: '{"method":"status"}' })).status).toBe(502);
    await admin("faults.add", { fault: { kind: "rate_limited" } });
    expect((await fetch(net.urlOf(0), { method: "POST", body: '{"method":"status"}' })).status).toBe(429);
    await admin("faults.clear");
    expect((await fetch(net.urlOf(1), { method: "POST", body: '{"method":"status"}' })).status).toBe(200);
  });

  it("stall, lag and recover a head", async () => {
    net.produce(10);
    await admin("head.stall", { endpoint: 0 });
    await admin("head.lag", { endpoint: 1, blocks: 4 });
    net.produce(1);
    const height = Number(net.chain.head.height);
    expect(await status(0)).toMatchObject({ syncing: true, latest_block_height: height - 1 });
    expect(await status(1)).toMatchObject({ syncing: false, latest_block_height: height - 4 });
    await admin("head.recover");
    expect(await status(0)).toMatchObject({ syncing: false, latest_block_height: height });
    expect(await status(1)).toMatchObject({ latest_block_height: height });
  });

  it.each([
    ["an unknown method", "explode", {}, "unknown method explode"],
    ["an unknown fault", "faults.add", { fault: { kind: "flood" } }, "a fault's kind is one of"],
    [
      "a fault's wrong share",
      "faults.add",
      { fault: { kind: "latency", ms: "1" } },
      "a fault's ms is a number",
    ],
    ["no such endpoint", "head.stall", { endpoint: 5 }, "there is no endpoint 5"],
    ["no such key", "bump_nonce", { account_id: "alice.test", public_key: "x", by: 1 }, "has no key"],
    ["no account id", "add_account", { id: "No", balance: "1" }, "not an account id"],
    ["an account that exists", "add_account", { id: "alice.test", balance: "1" }, "exists already"],
  ])("answer %s with 400 and why", async (_name, method, params, message) => {
    const answer = await admin(method, params);
    expect(answer.http).toBe(400);
    expect(answer.error).toContain(message);
  });
});
