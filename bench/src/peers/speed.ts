import { quantile } from "../shared/quantiles.ts";
import type { Call } from "./load.ts";

/** A quantile of the time from a call to its answer, in milliseconds. */
export interface Latency {
  /** NaN where no call had an answer that says success. */
  readonly ms: number;
  /** It is at least that: calls that nobody waited for any longer stand in it with the time that they had been under way. */
  readonly atLeast: boolean;
}

export interface Speed {
  readonly tx_per_second: number;
  readonly p50: Latency;
  readonly p99: Latency;
}

/**
 * The rate counts answers within the window that say success, over the time until the last of them. Latencies are those of the
 * same calls and of those after the window, without the failed ones.
 */
export function speed(calls: readonly Call[], windowMs: number): Speed {
  const succeeded = calls.filter(({ outcome }) => outcome === "succeeded");
  const ends = succeeded.map(({ endedAtMs }) => endedAtMs).filter((at) => at <= windowMs);
  const latency = (q: number): Latency => {
    const open = calls.filter(({ outcome }) => outcome === "open").map(({ tookMs }) => tookMs);
    const ms = quantile([...succeeded.map(({ tookMs }) => tookMs), ...open], q);
    return { ms, atLeast: open.some((age) => age <= ms) };
  };
  return {
    tx_per_second: ends.length === 0 ? 0 : (ends.length / Math.max(...ends)) * 1000,
    p50: latency(0.5),
    p99: latency(0.99),
  };
}
