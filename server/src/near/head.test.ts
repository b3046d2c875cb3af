import { describe, expect, it } from "vitest";
import { Head } from "./head.ts";
import { type Answer, any, kindOf, node, result, rpcOver } from "./scripted-node.ts";
import { NearViews } from "./views.ts";

const NOW = 1_790_000_000_000;
const HASH = "11111111111111111111111111111111";

function answersOf(chainId: string, height: number, ageMs = 1_000): [Answer, Answer] {
  const status: Answer = result({ chain_id: chainId, sync_info: { syncing: false } });
  const timestamp_nanosec = `${BigInt(NOW - ageMs) * 1_000_000n}`;
  return [status, result({ header: { height, hash: HASH, timestamp_nanosec } })];
}

/** A node that tells its network first, and its final block from then on. */
async function nodeOf(...chain: Parameters<typeof answersOf>) {
  return node(...answersOf(...chain));
}

/** The same, but the block comes when nobody waits for others' any more. */
async function lateNodeOf(height: number) {
  const [status, block] = answersOf("testnet", height);
  return node(status, (...call) => void setTimeout(() => block(...call), 800));
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
    await rpc.call("block", {}, any);
    expect([behind.requests(), ahead.requests()]).toEqual([before[0], (before[1] ?? 0) + 1]);
  });

  it("has its lowest at an endpoint that is late, too", async () => {
    const { head } = await headOf(await nodeOf("testnet", 9_000_000), await lateNodeOf(100));
    expect(await head.lowest()).toBe(100n);
  });

  it("has no lowest while no endpoint answers", async () => {
    const { head } = await headOf(await nodeOf("mainnet", 900));
    expect(await kindOf(head.lowest())).toBe("unavailable");
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

describe("a head that was known a second ago", () => {
  /** A node whose answers take so many milliseconds by the clock that a test moves on. */
  async function timed(tookMs: number) {
    const chain = { now: NOW, height: 100 };
    const [status] = answersOf("testnet", 100);
    const block: Answer = (...call) => {
      chain.now += tookMs;
      const [, answer] = answersOf("testnet", chain.height);
      answer(...call);
    };
    const one = await node(status, block);
    const rpc = await rpcOver(one);
    const head = new Head("testnet", rpc, new NearViews(rpc), () => chain.now);
    expect((await head.get()).height).toBe(100n);
    chain.height = 200;
    return {
      chain,
      one,
      head,
      heightAfter: async (ms: number) => {
        chain.now += ms;
        return (await head.get()).height;
      },
    };
  }

  it("is asked for anew where nodes are fast", async () => {
    const { heightAfter } = await timed(0);
    expect(await heightAfter(999)).toBe(100n);
    expect(await heightAfter(1)).toBe(200n);
  });

  it("is good for longer while slow nodes are asked for the next one", async () => {
    const { chain, one, heightAfter } = await timed(1_200);
    const before = one.requests();
    expect(await heightAfter(1_000)).toBe(100n);
    await expect.poll(() => one.requests()).toBe(before + 1);
    await expect.poll(() => heightAfter(0)).toBe(200n);
    // Nobody asked for long: whoever does then waits.
    chain.height = 300;
    expect(await heightAfter(3_400)).toBe(300n);
  });

  it("is not good for whoever needs the newest", async () => {
    const { chain, head } = await timed(1_200);
    chain.now += 999;
    expect((await head.newest()).height).toBe(100n);
    chain.now += 1;
    expect((await head.newest()).height).toBe(200n);
  });

  it("is good for four seconds at most", async () => {
    const { heightAfter } = await timed(10_000);
    expect(await heightAfter(4_000)).toBe(200n);
  });
});

describe("a chain", () => {
  /** Nodes whose final head a test moves, and a clock that it moves on. */
  async function watched(count: number, afterMs = 30_000) {
    const clock = { now: NOW };
    const heights = Array.from({ length: count }, () => 100);
    const status: Answer = result({ chain_id: "testnet", sync_info: { syncing: false } });
    const nodes = await Promise.all(
      heights.map((_, i) => {
        const block: Answer = (...call) => {
          const header = { height: heights[i], hash: HASH, timestamp_nanosec: `${NOW}000000` };
          result({ header })(...call);
        };
        return node(status, block);
      }),
    );
    const told: string[] = [];
    const rpc = await rpcOver(...nodes);
    const head = new Head("testnet", rpc, new NearViews(rpc), () => clock.now, {
      afterMs,
      onStalled: ({ height }) => told.push(`stalled at ${height}`),
      onMoves: ({ height, stalledMs }) => told.push(`moves at ${height} after ${stalledMs}`),
    });
    /** Looks every ten seconds. */
    const look = async (seconds: number) => {
      let kind = "";
      for (let i = 0; i < seconds / 10; i++) {
        clock.now += 10_000;
        kind = await kindOf(head.get());
      }
      return kind;
    };
    return { clock, heights, head, told, look };
  }

  it("whose final head stands still at all endpoints is of no use until it moves", async () => {
    const { head, heights, told, look } = await watched(2);
    expect(await look(30)).toBe("answered");
    expect(await look(10)).toBe("not-synced");
    expect([head.stalled, await look(20)]).toEqual([true, "not-synced"]);
    heights[1] = 101;
    expect([await look(10), head.stalled]).toEqual(["answered", false]);
    expect(told).toEqual(["stalled at 100", "moves at 101 after 60000"]);
  });

  it("moves while one endpoint does", async () => {
    const { heights, told, look } = await watched(2);
    for (let i = 0; i < 12; i++) {
      heights[1] = 101 + i;
      expect(await look(10)).toBe("answered");
    }
    expect(told).toEqual([]);
  });

  it("moves when the highest endpoint is gone and a lower one goes on", async () => {
    const { heights, told, look } = await watched(2);
    heights[0] = 5_000;
    await look(10);
    for (let i = 0; i < 6; i++) {
      heights[1] = 101 + i;
      expect(await look(10)).toBe("answered");
    }
    expect(told).toEqual([]);
  });

  it("is not taken to stand still while nobody looks, nor ever with 0", async () => {
    const { clock, told, look } = await watched(1);
    await look(10);
    clock.now += 600_000;
    expect(await look(10)).toBe("answered");
    expect(told).toEqual([]);
    expect(await (await watched(1, 0)).look(120)).toBe("answered");
  });
});
