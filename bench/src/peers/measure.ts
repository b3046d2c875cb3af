import { availableParallelism } from "node:os";
import { performance } from "node:perf_hooks";
import { type PreSigned, preSign } from "../relay/wallets.ts";
import { cpuMs, machineCpuMs } from "../shared/proc-stat.ts";
import type { Contender } from "./contender.ts";
import { type Call, load } from "./load.ts";
import type { PeerOptions } from "./options.ts";
import { type Speed, speed } from "./speed.ts";
import { judge, type Verdict } from "./verdict.ts";

/** One relay at one latency of the chain with one number of calls in flight. */
export interface Cell extends Speed, Verdict {
  readonly relay: string;
  readonly rpc_latency_ms: number;
  readonly concurrency: number;
  readonly calls: number;
  /** Of the relay's processes, the devnet included, for each delegate that succeeded. */
  readonly cpu_ms: number;
  /** Share of the machine, 0 to 1, that went to anything but these processes and the load's. */
  readonly others_cpu_share: number;
  /** How many calls failed, by what their callers were told, cut at 100 characters. */
  readonly failures: Readonly<Record<string, number>>;
}

/** The delegates of a cell: before it, and in it. The same ones for every relay. */
export interface CellDelegates {
  readonly concurrency: number;
  readonly warmUp: readonly PreSigned[];
  readonly measured: readonly PreSigned[];
}

const WARM_UP_MS = 2_000;
const WARM_UP_GRACE_MS = 10_000;
const WARM_UP_CONCURRENCY = 8;
const WARM_UP_CALLS = 300;
/** No relay answers sooner than the chain makes two blocks. */
const FASTEST_MS = 200;

/** Enough for the fastest relay that can be. */
export function delegatesOf(concurrency: number, latencyMs: number, windowMs: number): CellDelegates {
  const count = Math.ceil(concurrency * (windowMs / (FASTEST_MS + latencyMs) + 1));
  return {
    concurrency,
    warmUp: preSign(WARM_UP_CALLS, `warm-${concurrency}`),
    measured: preSign(count, `wallet-${concurrency}`),
  };
}

/** Warms the relay up on a chain without faults, measures with them, and asks the chain what became of each delegate. */
export async function measureCell(
  name: string,
  contender: Contender,
  delegates: CellDelegates,
  latencyMs: number,
  options: PeerOptions,
): Promise<Cell> {
  const { concurrency } = delegates;
  const windowMs = options.windowMs(latencyMs);
  const warmUp = { concurrency: WARM_UP_CONCURRENCY, windowMs: WARM_UP_MS, graceMs: WARM_UP_GRACE_MS };
  await load(contender, delegates.warmUp, warmUp);
  await contender.admin.addLatency(latencyMs);
  await contender.admin.loseAnswers(options.lostAnswers);

  const began = performance.now();
  const before = await spentBy(contender);
  const calls = await load(contender, delegates.measured, { concurrency, windowMs, graceMs: windowMs });
  const after = await spentBy(contender);
  const machineMs = (performance.now() - began) * availableParallelism();

  await contender.admin.clearFaults();
  await contender.settle();
  const verdict = judge(calls, await contender.admin.log());
  const relayMs = after.relay - before.relay;
  const others = after.machine - before.machine - relayMs - (after.load - before.load);
  return {
    relay: name,
    rpc_latency_ms: latencyMs,
    concurrency,
    calls: calls.length,
    ...speed(calls, windowMs),
    ...verdict,
    cpu_ms: relayMs / verdict.succeeded,
    others_cpu_share: Math.max(0, others) / machineMs,
    failures: failures(calls),
  };
}

async function spentBy(contender: Contender) {
  const [machine, own, ...relay] = await Promise.all([
    machineCpuMs(),
    cpuMs(process.pid),
    ...contender.pids().map(cpuMs),
  ]);
  return { machine, load: own, relay: relay.reduce((sum, ms) => sum + ms, 0) };
}

function failures(calls: readonly Call[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { why } of calls) {
    if (why === undefined) continue;
    const text = why.slice(0, 100);
    counts[text] = (counts[text] ?? 0) + 1;
  }
  return counts;
}
