import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Keystore } from "../shared/keystore.ts";
import { type EngineName, freshLedger } from "../shared/ledgers.ts";
import { memory } from "../shared/proc-stat.ts";
import { quantile } from "../shared/quantiles.ts";
import { spent, type Usage, usageOf } from "../shared/usage.ts";
import { type LoadResult, submitAll } from "./load.ts";
import type { BenchOptions } from "./options.ts";
import { chainFailures, drained, type Outcome, outcomes } from "./outcomes.ts";
import { relayClients } from "./relay-clients.ts";
import { type Stack, startStack } from "./stack.ts";
import { type PreSigned, preSign } from "./wallets.ts";

/** One engine at one latency. Times in milliseconds, memory in bytes, rates per second. */
export interface Measured {
  readonly engine: EngineName;
  readonly rpc_latency_ms: number;
  readonly concurrency: number;
  readonly submissions: number;
  readonly accepted_per_second: number;
  readonly final_per_second: number;
  readonly steady_final_per_second: number;
  readonly accept_ms: { readonly p50: number; readonly p99: number };
  readonly final_ms: { readonly p50: number; readonly p99: number };
  /** Per submission. */
  readonly cpu_ms: {
    readonly relay: number;
    readonly signer: number;
    readonly devnet: number;
    readonly load: number;
  };
  /** Share of the machine, 0 to 1, that went to anything but these four processes. */
  readonly others_cpu_share: number;
  readonly relay_rss_bytes: number;
  readonly relay_peak_rss_bytes: number;
  /** Calls to NEAR that failed, warm-up included, by method and kind. They were tried again or replaced. */
  readonly chain_failures: Readonly<Record<string, number>>;
  /** Calls to the relay that were refused or lost, by code. */
  readonly refused: Readonly<Record<string, number>>;
  /** Refused calls, and accepted submissions that did not succeed. */
  readonly failures: number;
  /** Delegates that stand on the chain more than once. */
  readonly duplicates: number;
  /** Accepted submissions without a transaction on the chain. */
  readonly missing: number;
}

const WARM_UP_CONCURRENCY = 16;
const WARM_UP_MAX_MS = 60_000;
/** How long the relay may take to finish what it accepted. What is open then counts as failed. */
const DRAIN_MAX_MS = 120_000;

export interface RunOptions {
  readonly engine: EngineName;
  readonly latencyMs: number;
  /** An existing folder for the files of all runs. */
  readonly folder: string;
  readonly keystore: Keystore;
  readonly options: BenchOptions;
}

/** Starts everything on an empty ledger, warms it up without latency, measures, and stops everything. */
export async function measure(run: RunOptions): Promise<Measured> {
  const { engine, latencyMs, keystore, options } = run;
  const folder = join(run.folder, `${engine}-${latencyMs}`);
  await mkdir(folder);
  const warmUp = preSign(options.warmUp(latencyMs), "warm");
  const delegates = preSign(options.submissions(latencyMs), "wallet");
  const ledger = await freshLedger(engine, folder);
  try {
    const stack = await startStack({
      folder,
      keystore,
      ledgerUrl: ledger.url,
      wallets: [...warmUp, ...delegates],
      chain: options.chain,
      window: options.window,
      logLevel: options.logLevel,
      relayNodeArgs: options.relayNodeArgs,
      ...(options.relayNice === 0 ? {} : { relayNice: options.relayNice }),
      profileFolder: options.profileFolder && join(options.profileFolder, `${engine}-${latencyMs}`),
    });
    try {
      return await Promise.race([measureStack(stack, warmUp, delegates, run), stack.broken]);
    } finally {
      await stack.stop();
    }
  } finally {
    await ledger.drop();
  }
}

async function measureStack(
  stack: Stack,
  warmUp: readonly PreSigned[],
  delegates: readonly PreSigned[],
  { engine, latencyMs, options }: RunOptions,
): Promise<Measured> {
  const concurrency = options.concurrency(latencyMs);
  const clients = relayClients(stack, concurrency);
  const { batch, rate } = options;
  await submitAll(stack, warmUp, { concurrency: WARM_UP_CONCURRENCY, batch, maxMs: WARM_UP_MAX_MS });
  if (!(await drained(stack.operationsUrl, WARM_UP_MAX_MS))) {
    const failures = JSON.stringify(await chainFailures(stack.operationsUrl));
    throw new Error(`the warm-up is not final after ${WARM_UP_MAX_MS} ms; failed calls to NEAR: ${failures}`);
  }
  if (latencyMs > 0) await stack.admin.addLatency(latencyMs);

  const before = await usageOf(stack);
  const began = performance.now();
  const load = await submitAll(stack, delegates, {
    concurrency,
    batch,
    rate,
    http: options.http,
    maxMs: options.seconds * 1000,
  });
  await drained(stack.operationsUrl, DRAIN_MAX_MS);
  const wallMs = performance.now() - began;
  const usage = spent(before, await usageOf(stack));
  const { rss, peak } = await memory(stack.pids.relay);

  const ends = await outcomes(clients, load.accepted);
  const log = await stack.admin.log();
  return {
    engine,
    rpc_latency_ms: latencyMs,
    concurrency,
    submissions: load.sent,
    accepted_per_second: (load.accepted.length / load.tookMs) * 1000,
    ...finalRates(ends, load.startedAt),
    accept_ms: percentiles(load.acceptMs),
    final_ms: percentiles(ends.map(({ finalMs }) => finalMs)),
    ...cpu(usage, load.sent, wallMs),
    relay_rss_bytes: rss,
    relay_peak_rss_bytes: peak,
    chain_failures: await chainFailures(stack.operationsUrl),
    refused: load.refused,
    ...correctness(load, ends, log, delegates),
  };
}

function percentiles(values: readonly number[]): { p50: number; p99: number } {
  return { p50: quantile(values, 0.5), p99: quantile(values, 0.99) };
}

/** From the first call to the last end; and between the ends of the tenth and the ninetieth hundredth. */
function finalRates(ends: readonly Outcome[], startedAt: number) {
  const times = ends.map(({ finalAt }) => finalAt);
  const middleMs = quantile(times, 0.9) - quantile(times, 0.1);
  return {
    final_per_second: (ends.length / (quantile(times, 1) - startedAt)) * 1000,
    steady_final_per_second: ((ends.length * 0.8) / middleMs) * 1000,
  };
}

function cpu(usage: Usage, submissions: number, wallMs: number) {
  const { relay, signer, devnet, load, machine } = usage;
  const others = Math.max(0, machine - relay - signer - devnet - load);
  return {
    cpu_ms: {
      relay: relay / submissions,
      signer: signer / submissions,
      devnet: devnet / submissions,
      load: load / submissions,
    },
    others_cpu_share: others / (wallMs * availableParallelism()),
  };
}

/** Judged by the chain's own log: a delegate's transaction is received by the wallet that signed it. */
function correctness(
  load: LoadResult,
  ends: readonly Outcome[],
  log: readonly { receiverId: string }[],
  delegates: readonly PreSigned[],
) {
  const times = new Map(delegates.slice(0, load.sent).map(({ accountId }) => [accountId, 0]));
  for (const { receiverId } of log) {
    const seen = times.get(receiverId);
    if (seen !== undefined) times.set(receiverId, seen + 1);
  }
  const counts = [...times.values()];
  const refused = load.sent - load.accepted.length;
  const succeeded = ends.filter((end) => end.succeeded).length;
  const onChain = counts.filter((count) => count > 0).length;
  return {
    failures: refused + load.accepted.length - succeeded,
    duplicates: counts.filter((count) => count > 1).length,
    missing: Math.max(0, load.accepted.length - onChain),
  };
}
