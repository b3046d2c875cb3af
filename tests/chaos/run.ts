import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { checkHistory, type Verdict } from "./check/check-history.ts";
import type { Call, History } from "./history.ts";
import { planLoad, runLoad } from "./load/load.ts";
import { SEEDED } from "./load/tenants.ts";
import { type Disturbance, scheduleOf } from "./schedule.ts";
import { type ChaosWorld, startChaosWorld } from "./world/chaos-world.ts";
import { disturb } from "./world/disturb.ts";
import { readHistory } from "./world/read-history.ts";

export interface ChaosOptions {
  readonly seed: number;
  /** How long disturbances and new calls go on, in milliseconds; less where `submissions` are there before. */
  readonly durationMs: number;
  /** Accepted submissions after which no new call is made; undefined for as many as come. */
  readonly submissions?: number | undefined;
  readonly keys: number;
  readonly callers: number;
  /** Calls a second of all callers together; 0 for as many as are answered. */
  readonly rate: number;
  /** Whether processes are killed and stopped, and keys used by others; the endpoints fail in any case. */
  readonly kills: boolean;
  /** As in ScheduleOptions. */
  readonly pauses?: number;
  /** Only calls that are sure to be taken on, without budgets. */
  readonly plainOnly: boolean;
  /** How long nothing may be answered or end once everything runs again, in milliseconds. In all, five times as long. */
  readonly settleMs: number;
  /** Ends the run before its time, with whatever is open. */
  readonly stop?: AbortSignal;
  /** Told how it goes. */
  readonly say: (line: string) => void;
}

export interface ChaosReport {
  readonly seed: number;
  readonly seconds: number;
  /** From the end of the disturbances until everything was final. */
  readonly settleSeconds: number;
  readonly calls: Readonly<Record<string, number>>;
  readonly ends: Readonly<Record<string, number>>;
  readonly disturbances: Readonly<Record<string, number>>;
  /** What happened to lanes, in relays that lived to tell. */
  readonly events: Readonly<Record<string, number>>;
  readonly signedAgain: number;
  readonly verdicts: readonly Verdict[];
  readonly ok: boolean;
}

export interface ChaosResult {
  readonly report: ChaosReport;
  readonly history: History;
  /** Has the logs, where a promise was broken. */
  readonly folder: string | undefined;
}

const ENDPOINTS = 3;
const BLOCK_MS = 100;
const LEASE_MS = 1_500;
/** Ten seconds. */
const VALIDITY_BLOCKS = 100;
const PROGRESS_MS = 5_000;
const LOOK_MS = 100;

/** Runs the load while everything fails, has everything run again, waits for the ends, and checks what happened. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, keys, callers, plainOnly, say } = options;
  const started = performance.now();
  const load = planLoad(callers);
  const events = new Counts();
  const world = await startChaosWorld({
    ...{ seed, keys },
    endpoints: ENDPOINTS,
    blockMs: BLOCK_MS,
    leaseMs: LEASE_MS,
    validityBlocks: VALIDITY_BLOCKS,
    wallets: load.wallets,
    tenants: plainOnly ? SEEDED.map((tenant) => ({ ...tenant, limits: undefined })) : SEEDED,
    onEvent: (event) => events.add(event),
  });
  try {
    say(`seed ${seed}: everything runs, with ${callers} callers and ${keys} keys`);
    const { calls, disturbances, settleSeconds } = await live(world, load, options);
    await world.stopRelays();
    const history = await readHistory(world, calls);
    const verdicts = checkHistory(history);
    const ok = verdicts.every(({ problems }) => problems.length === 0);
    const seconds = Math.round((performance.now() - started) / 1_000);
    const { submissions, attempts } = history;
    const report: ChaosReport = {
      ...{ seed, seconds, settleSeconds, disturbances, verdicts, ok },
      calls: countOf(calls.map(({ end }) => (end.kind === "refused" ? `refused ${end.reason}` : end.kind))),
      ends: countOf(submissions.map(({ state, failureReason }) => [state, failureReason].join(" ").trim())),
      events: events.counts,
      signedAgain: attempts.length - new Set(attempts.map(({ submissionId }) => submissionId)).size,
    };
    await world.stop();
    if (ok) world.remove();
    return { report, history, folder: ok ? undefined : world.folder };
  } catch (error) {
    say(`the logs are in ${world.folder}`);
    throw error;
  } finally {
    await world.stop();
  }
}

/** The run itself: load and disturbances, then neither, until everything has ended or the time is over. */
async function live(world: ChaosWorld, load: ReturnType<typeof planLoad>, options: ChaosOptions) {
  const { durationMs, submissions = Number.POSITIVE_INFINITY, settleMs, say } = options;
  const calls: Call[] = [];
  const accepted = new Set<string>();
  const disturbances = new Counts();
  const enough = new AbortController();
  const giveUp = new AbortController();
  const timer = setTimeout(() => enough.abort(), durationMs);
  const endNow = () => {
    enough.abort();
    giveUp.abort();
  };
  options.stop?.addEventListener("abort", endNow);
  if (options.stop?.aborted) endNow();
  const progress = setInterval(() => {
    const { height } = world.devnet.chain.head;
    say(
      `${calls.length} calls, ${accepted.size} accepted, ${world.devnet.chain.log.length} landed at ${height}`,
    );
  }, PROGRESS_MS);
  const { relays, devnet } = world;
  let loadRuns = true;
  const loading = runLoad(load, {
    ...options,
    ...{ relays, stop: enough.signal, giveUp: giveUp.signal },
    height: () => devnet.chain.head.height,
    onCall: (call) => {
      calls.push(call);
      if (call.end.kind === "accepted") accepted.add(call.end.submissionId);
      if (accepted.size >= submissions) enough.abort();
    },
  }).finally(() => {
    loadRuns = false;
  });
  const tracks = scheduleOf({
    ...options,
    ...{ relays: relays.length, endpoints: devnet.endpoints.length, leaseMs: LEASE_MS },
  });
  const onBegin = (disturbance: Disturbance) => disturbances.add(nameOf(disturbance));
  const disturbing = disturb(world, tracks, onBegin, enough.signal);
  if (!enough.signal.aborted) await once(enough.signal, "abort");
  clearTimeout(timer);
  await disturbing;
  await world.heal();
  say("everything is up again");
  const healed = performance.now();
  const [, left] = await Promise.all([
    loading,
    untilFinal(world.ledgerUrl, { settleMs, giveUp, hasLoad: () => loadRuns, answered: () => calls.length }),
  ]);
  clearInterval(progress);
  const settleSeconds = Math.round((performance.now() - healed) / 1_000);
  say(left === 0 ? `everything is final after ${settleSeconds} s` : `${left} submissions have no end`);
  await chainAtRest(world);
  return { calls, disturbances: disturbances.counts, settleSeconds };
}

function nameOf(disturbance: Disturbance): string {
  return disturbance.kind === "endpoint fault" ? `endpoint ${disturbance.fault}` : disturbance.kind;
}

interface Settling extends Pick<ChaosOptions, "settleMs"> {
  /** Aborted when nothing has gone on for too long. */
  readonly giveUp: AbortController;
  readonly hasLoad: () => boolean;
  /** Calls with an answer. */
  readonly answered: () => number;
}

/** Waits until every call is answered and no submission is open; answers how many are when it is given up. */
async function untilFinal(ledgerUrl: string, settling: Settling): Promise<number> {
  const { settleMs, giveUp, hasLoad, answered } = settling;
  const client = new pg.Client({ connectionString: ledgerUrl });
  await client.connect();
  const started = performance.now();
  let moved = started;
  let before = "";
  try {
    for (;;) {
      const query = "select count(*) as open from submissions where terminal_at is null";
      const { rows } = await client.query(query);
      const open = Number(rows[0]?.open);
      if (giveUp.signal.aborted || (open === 0 && !hasLoad())) return open;
      const now = performance.now();
      const state = `${open} ${answered()}`;
      if (state !== before) moved = now;
      before = state;
      if (now - moved > settleMs || now - started > 5 * settleMs) giveUp.abort();
      await delay(LOOK_MS);
    }
  } finally {
    await client.end();
  }
}

/** Refunds come after the end that the relay waits for. */
async function chainAtRest({ devnet: { chain } }: ChaosWorld): Promise<void> {
  while (chain.hasWork) await delay(LOOK_MS);
}

class Counts {
  readonly counts: Record<string, number> = {};

  add(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }
}

function countOf(names: readonly string[]): Record<string, number> {
  const counts = new Counts();
  for (const name of names) counts.add(name);
  return counts.counts;
}
