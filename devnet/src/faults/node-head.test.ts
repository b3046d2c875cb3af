import { actions } from "near-api-js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { invalidTx } from "../testing/raw-rpc.ts";
import type { Signed } from "../testing/test-account.ts";
import { TestDevnet } from "../testing/test-devnet.ts";

describe("an endpoint whose head is not the chain's", () => {
  let net: TestDevnet;
  beforeEach(async () => {
    net = await TestDevnet.start({ blockTimeMs: undefined, endpoints: 2 });
    net.produce(10);
  });
  afterEach(() => net.stop());

  const head = () => {
    const endpoint = net.devnet.endpoints[0];
    if (endpoint === undefined) throw new Error("no endpoint");
    return endpoint.head;
  };
  const height = async (endpoint: number) =>
    BigInt((await net.call("block", { finality: "optimistic" }, endpoint)).result.header.height);
  const balance = async (endpoint: number) =>
    (
      await net.call(
        "query",
        { request_type: "view_account", finality: "optimistic", account_id: "bob.test" },
        endpoint,
      )
    ).result.amount;
  const ask = (signed: Signed, waitUntil: string) =>
    net.call("tx", { tx_hash: signed.hash, sender_account_id: "alice.test", wait_until: waitUntil });

  it("stalled: stands still, says that it syncs, and shows old state, while the other goes on", async () => {
    const before = await balance(0);
    head().stall();
    const at = net.chain.head.height;
    const signed = await net.alice.sign("bob.test", [actions.transfer(5n)]);
    await net.send(signed, "NONE", 1);
    net.produce(3);
    expect([await height(0), await height(1)]).toEqual([at, at + 3n]);
    expect((await net.call("status", [])).result.sync_info).toMatchObject({ syncing: true });
    expect((await net.call("status", [], 1)).result.sync_info).toMatchObject({ syncing: false });
    expect(await balance(0)).toBe(before);
    expect(await balance(1)).toBe((BigInt(before) + 5n).toString());
    expect((await ask(signed, "NONE")).error?.cause.name).toBe("UNKNOWN_TRANSACTION");
    head().recover();
    expect(await balance(0)).toBe(await balance(1));
    expect((await ask(signed, "NONE")).result.final_execution_status).toBe("EXECUTED");
  });

  it("stalled: a transaction with a newer block hash is expired to it, and taken by the other", async () => {
    head().stall();
    net.produce(1);
    const signed = await net.alice.sign("bob.test", [actions.transfer(5n)]);
    expect(invalidTx(await net.send(signed))).toBe("Expired");
    const answer = net.send(signed, "INCLUDED", 1);
    await new Promise<void>((resolve) => net.chain.onWork(resolve));
    net.produce(1);
    expect((await answer).result.transaction.hash).toBe(signed.hash);
  });

  it("stalled: what it takes still lands, but it does not know", async () => {
    head().stall();
    const signed = await net.alice.sign("bob.test", [actions.transfer(5n)]);
    await net.send(signed, "NONE");
    net.produce(5);
    expect(net.chain.log.map(({ hash }) => hash)).toEqual([signed.hash]);
    expect((await ask(signed, "NONE")).error?.cause.name).toBe("UNKNOWN_TRANSACTION");
  });

  it("stalled: those who wait are answered when it recovers", async () => {
    head().stall();
    const signed = await net.alice.sign("bob.test", [actions.transfer(5n)]);
    const answer = net.send(signed, "FINAL");
    await new Promise<void>((resolve) => net.chain.onWork(resolve));
    net.produce(5);
    head().recover();
    expect((await answer).result.final_execution_status).toBe("FINAL");
  });

  it("lagging: is so many blocks behind and does not say so", async () => {
    head().lag(3n);
    net.produce(2);
    expect(await height(0)).toBe(net.chain.head.height - 3n);
    expect((await net.call("status", [])).result.sync_info.syncing).toBe(false);
  });

  it("lagging: answers those who wait so many blocks later", async () => {
    head().lag(3n);
    const signed = await net.alice.sign("bob.test", [actions.transfer(5n)], {
      blockHash: net.chain.blockAt(net.chain.head.height - 3n)?.hash ?? "",
    });
    await net.send(signed, "NONE");
    net.produce(3);
    expect((await ask(signed, "NONE")).error?.cause.name).toBe("UNKNOWN_TRANSACTION");
    net.produce(1);
    expect((await ask(signed, "NONE")).result.final_execution_status).toBe("INCLUDED");
  });

  it("lagging: takes a nonce that was used since, which the chain then drops", async () => {
    const first = await net.alice.sign("bob.test", [actions.transfer(5n)], { nonce: 1n });
    const second = await net.alice.sign("bob.test", [actions.transfer(6n)], { nonce: 1n });
    head().lag(3n);
    const old = net.chain.blockAt(net.chain.head.height - 3n)?.hash ?? "";
    const late = await net.alice.sign("bob.test", [actions.transfer(6n)], { nonce: 1n, blockHash: old });
    await net.send(first, "NONE", 1);
    net.produce(1);
    expect(invalidTx(await net.send(second, "INCLUDED", 1))).toMatchObject({ InvalidNonce: {} });
    const answer = net.send(late, "INCLUDED");
    await new Promise<void>((resolve) => net.chain.onWork(resolve));
    net.produce(4);
    expect(net.chain.log.map(({ hash }) => hash)).toEqual([first.hash]);
    expect((await answer).error).toBeDefined();
  });
});
