import { expect, test } from "vitest";
import type { BareFrost } from "./bare-frost.ts";
import type { Round } from "./measure.ts";
import { type BareRound, overheadOf } from "./overhead.ts";

const round = (relay: number, signer: number): Round => ({
  signed: 1,
  perSecond: 1,
  signMs: { p50: 1, p99: 1 },
  cpuMs: { client: 100, relay, signer },
  othersShare: 0,
});
const frost = (relayer_us: number): BareFrost => ({
  steps: {} as BareFrost["steps"],
  relayer_us,
  client_us: 1,
});
const bare = (noble: number, ours: number): BareRound => ({ noble: frost(noble), ours: frost(ours) });

test("the overhead is what relay and signer spend beyond bare FROST, each round over that of the same round", () => {
  // 16 ms over 10, 30 over 20 and 12 over 6.
  const rounds = [round(4, 12), round(10, 20), round(2, 10)];
  const costs = [bare(32_000, 10_000), bare(40_000, 20_000), bare(48_000, 6_000)];
  expect(overheadOf(rounds, costs, "ours")).toEqual({ median: 0.6, lowest: 0.5, highest: 1 });
  expect(overheadOf(rounds, costs, "noble")).toEqual({ median: -0.5, lowest: -0.75, highest: -0.25 });
});
