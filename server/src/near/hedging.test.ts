import { describe, expect, it } from "vitest";
import { HedgeBudget, hedged } from "./hedge.ts";
import { type Answer, any, destroy, hang, kindOf, node, result, rpcError, rpcWith } from "./scripted-node.ts";
import { NearTransactions } from "./transactions.ts";

/** Answers when it is let go. */
function held(answer: Answer): { answer: Answer; asked: Promise<void>; letGo: () => void } {
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  return {
    letGo: gate.resolve,
    asked: asked.promise,
    answer: (...call) => {
      asked.resolve();
      gate.promise.then(() => answer(...call));
    },
  };
}

/** Endpoints of which the first has always answered at once: after 50 milliseconds it is late. */
function hedging(options: Parameters<typeof rpcWith>[0], ...nodes: Awaited<ReturnType<typeof node>>[]) {
  const rpc = rpcWith({ hedgeReads: true, timeoutMs: 60_000, ...options }, ...nodes);
  for (let i = 0; i < 10; i++) rpc.endpoints.at(0).latencies.add(1);
  return rpc;
}

describe("a read whose answer is late", () => {
  it("is asked at a second endpoint, whose answer counts, and the first question is ended", async () => {
    const ended = Promise.withResolvers<void>();
    const hanging = await node((_, response) => response.on("close", ended.resolve));
    const working = await node(result("second"));
    const hedges: number[] = [];
    const rpc = hedging({ onHedge: ({ endpoint }) => hedges.push(endpoint) }, hanging, working);
    expect(await rpc.call("query", {}, any)).toBe("second");
    await ended.promise;
    expect(hedges).toEqual([1]);
  });

  it("counts the first answer when both come, and asks no third endpoint", async () => {
    const first = held(result("first"));
    const third = await node(result("third"));
    const asked = Promise.withResolvers<void>();
    const second: Answer = () => asked.resolve();
    const rpc = hedging({}, await node(first.answer), await node(second), third);
    const answer = rpc.call("query", {}, any);
    await asked.promise;
    first.letGo();
    expect(await answer).toBe("first");
    expect(third.requests()).toBe(0);
  });

  it("takes a negative answer for an answer", async () => {
    const unknown = await node(rpcError({ cause: { name: "UNKNOWN_ACCOUNT" } }));
    const rpc = hedging({}, await node(hang), unknown);
    expect(await kindOf(rpc.call("query", {}, any))).toBe("unknown-account");
  });

  it("moves reads away from the endpoint that is late again and again", async () => {
    const hanging = await node(hang);
    const rpc = hedging({}, hanging, await node(result(1)));
    for (let i = 0; i < 20; i++) await rpc.call("query", {}, any);
    expect(hanging.requests()).toBeLessThanOrEqual(3);
  });

  it("is not asked twice without hedging, nor while it waits for the chain", async () => {
    for (const [hedgeReads, use] of [
      [false, "read"],
      [true, "wait"],
    ] as const) {
      const other = await node(destroy);
      const rpc = hedging({ hedgeReads, retries: 0, timeoutMs: 200 }, await node(hang), other);
      expect(await kindOf(rpc.call("tx", {}, { ...any, use }))).toBe("timeout");
      expect(other.requests()).toBe(0);
    }
  });
});

it("a transaction is sent once, however late the answer is", async () => {
  const other = await node(result({ final_execution_status: "INCLUDED" }));
  const rpc = hedging({ timeoutMs: 200 }, await node(hang), other);
  const transactions = new NearTransactions(rpc);
  const endpoint = transactions.endpointFor("lane", new Set()) ?? -1;
  const sent = transactions.send({ signed: new Uint8Array(1), hash: "h" }, endpoint, AbortSignal.any([]));
  expect(await kindOf(sent)).toBe("timeout");
  expect(other.requests()).toBe(0);
});

describe("hedging", () => {
  it("ends both questions when the caller gives up", async () => {
    const stop = new AbortController();
    const ended: string[] = [];
    const question = (name: string) => (signal: AbortSignal) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => {
          ended.push(name);
          reject(signal.reason);
        });
        if (name === "second") stop.abort(new Error("given up"));
      });
    const both = hedged({
      first: question("first"),
      second: () => question("second"),
      afterMs: 0,
      signal: stop.signal,
    });
    await expect(both).rejects.toThrow("given up");
    expect(ended).toEqual(["first", "second"]);
  });

  it("is affordable for one read in ten, and for ten at once", () => {
    const budget = new HedgeBudget();
    const spent = Array.from({ length: 1_000 }, () => {
      budget.earn();
      return budget.spend();
    }).filter(Boolean).length;
    expect(spent).toBeGreaterThanOrEqual(105);
    expect(spent).toBeLessThanOrEqual(110);
  });
});
