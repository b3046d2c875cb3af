import { describe, expect, it } from "vitest";
import { Head } from "./head.ts";
import { type Answer, kindOf, node, result, rpcOver } from "./scripted-node.ts";
import { NearViews } from "./views.ts";

const NOW = 1_790_000_000_000;

/** A node that tells its network first, and its final block from then on. */
async function nodeOf(chainId: string, height: number, ageMs = 1_000) {
  const status: Answer = result({ chain_id: chainId, sync_info: { syncing: false } });
  const timestamp_nanosec = `${BigInt(NOW - ageMs) * 1_000_000n}`;
  return node(status, result({ header: { height, hash: `block-${height}`, timestamp_nanosec } }));
}

async function headOf(...nodes: Awaited<ReturnType<typeof nodeOf>>[]) {
  const rpc = await rpcOver(...nodes);
  return { rpc, head: new Head("testnet", rpc, new NearViews(rpc), () => NOW) };
}

describe("the head", () => {
  it("is the highest that an endpoint shows, and reads go there from then on", async () => {
    const [behind, ahead] = [await nodeOf("testnet", 100), await nodeOf("testnet", 250)];
    const { head, rpc } = await headOf(behind, ahead);
    expect((await head.get()).height).toBe(250n);
    expect(await head.lowest()).toBe(100n);
    const before = [behind.requests(), ahead.requests()];
    await rpc.call("block", {});
    expect([behind.requests(), ahead.requests()]).toEqual([before[0], (before[1] ?? 0) + 1]);
  });

  it("is never taken from an endpoint of another network", async () => {
    const { head } = await headOf(await nodeOf("mainnet", 900), await nodeOf("testnet", 250));
    expect((await head.get()).height).toBe(250n);
    const { head: none } = await headOf(await nodeOf("mainnet", 900));
    expect(await kindOf(none.get())).toBe("unavailable");
  });

  it("is never a block of the future", async () => {
    const { head } = await headOf(
      await nodeOf("testnet", 9_000_000, -3_600_000),
      await nodeOf("testnet", 250),
    );
    expect((await head.get()).height).toBe(250n);
  });
});
