import { expect, test } from "vitest";
import type { Cell } from "./measure.ts";
import { ratios } from "./report.ts";

function cell(relay: string, concurrency: number, txPerSecond: number, p50: number, atLeast = false): Cell {
  const latency = (ms: number) => ({ ms, atLeast });
  return {
    relay,
    rpc_latency_ms: 0,
    concurrency,
    calls: 10,
    tx_per_second: txPerSecond,
    p50: latency(p50),
    p99: latency(2 * p50),
    succeeded: 10,
    failed: 0,
    open: 0,
    doubled: 0,
    lost: 0,
    denied: 0,
    cpu_ms: 1,
    others_cpu_share: 0,
    failures: {},
  };
}

test("a ratio is ours over the peer's of the same latency and concurrency", () => {
  const peers = [cell("peer", 1, 4, 200), cell("peer", 10, 4, 3000)];
  const [one, ten] = ratios([...peers, cell("ours", 1, 2, 500), cell("ours", 10, 20, 300)], "peer");
  expect(one).toMatchObject({
    relay: "ours",
    concurrency: 1,
    tx_per_second: { times: 0.5 },
    p50: { times: 2.5 },
  });
  expect(ten).toMatchObject({
    relay: "ours",
    concurrency: 10,
    tx_per_second: { times: 5 },
    p50: { times: 0.1 },
  });
});

test("a ratio of latencies that are only known from below says so", () => {
  const bound = (peerOpen: boolean, oursOpen: boolean) =>
    ratios([cell("peer", 1, 4, 200, peerOpen), cell("ours", 1, 2, 100, oursOpen)], "peer")[0]?.p50.bound;
  expect(bound(false, false)).toBe("exact");
  expect(bound(true, false)).toBe("at most");
  expect(bound(false, true)).toBe("at least");
  expect(bound(true, true)).toBe("unknown");
});

test("a cell that the peer has no counterpart of has no ratio", () => {
  expect(ratios([cell("peer", 1, 4, 200), cell("ours", 10, 20, 300)], "peer")).toEqual([]);
});
