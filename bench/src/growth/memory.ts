import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { submitAll } from "../relay/load.ts";
import { drained } from "../relay/outcomes.ts";
import { type Stack, startStack } from "../relay/stack.ts";
import { preSign } from "../relay/wallets.ts";
import { makeKeystore } from "../shared/keystore.ts";
import { type EngineName, freshLedger } from "../shared/ledgers.ts";
import { memory } from "../shared/proc-stat.ts";

/** The relay's memory once so many submissions are final, in bytes. */
interface MemorySample {
  readonly submissions: number;
  readonly rss_bytes: number;
  /** The least that its heap held since the sample before: what a garbage collection leaves. */
  readonly heap_floor_bytes: number;
}

/** A relay's memory over many submissions. */
export interface MemoryRun {
  readonly engine: EngineName;
  readonly samples: readonly MemorySample[];
  /** How much more memory it has at the end than half-way, as a share of that. */
  readonly growth: number;
  /** Calls that were refused or lost, and chunks that did not come to their end. */
  readonly failures: number;
}

const SAMPLES = 10;
const CONCURRENCY = 64;
const BATCH = 8;
const HEAP_LOOK_MS = 1_000;
const CHUNK_MAX_MS = 1_800_000;
const DRAIN_MAX_MS = 120_000;

/** Runs submissions through a relay, with its signer, on a chain that executes at once. Each is of a wallet of its own. */
export async function measureMemory(
  engine: EngineName,
  submissions: number,
  folder: string,
): Promise<MemoryRun> {
  const own = join(folder, `memory-${engine}`);
  await mkdir(own);
  const keystore = await makeKeystore(own);
  const ledger = await freshLedger(engine, own);
  try {
    const stack = await startStack({
      folder: own,
      keystore,
      ledgerUrl: ledger.url,
      wallets: [],
      chain: "mock",
      logLevel: "error",
      profileFolder: undefined,
    });
    try {
      const run = await Promise.race([sampled(stack, submissions), stack.broken]);
      return { engine, ...run };
    } finally {
      await stack.stop();
    }
  } finally {
    await ledger.drop();
  }
}

async function sampled(stack: Stack, submissions: number): Promise<Omit<MemoryRun, "engine">> {
  const samples: MemorySample[] = [];
  let failures = 0;
  for (let i = 1, done = 0; i <= SAMPLES; i++) {
    const until = Math.round((submissions * i) / SAMPLES);
    const delegates = preSign(until - done, `wallet-${i}`);
    const floor = heapFloor(stack.operationsUrl);
    const load = { concurrency: CONCURRENCY, batch: BATCH, maxMs: CHUNK_MAX_MS };
    const { sent, accepted } = await submitAll(stack, delegates, load);
    failures += sent - accepted.length;
    if (!(await drained(stack.operationsUrl, DRAIN_MAX_MS))) failures += 1;
    done = until;
    const { rss } = await memory(stack.pids.relay);
    samples.push({ submissions: done, rss_bytes: rss, heap_floor_bytes: await floor.end() });
    process.stderr.write(`bench: memory after ${done}: ${Math.round(rss / 2 ** 20)} MiB\n`);
  }
  return { samples, growth: growthOf(samples), failures };
}

function growthOf(samples: readonly MemorySample[]): number {
  const half = samples[samples.length / 2 - 1]?.rss_bytes ?? Number.NaN;
  return (samples.at(-1)?.rss_bytes ?? Number.NaN) / half - 1;
}

/** Looks at the relay's own metrics now and then until it is ended. */
function heapFloor(operationsUrl: string): { end(): Promise<number> } {
  const ended = new AbortController();
  const looks = (async () => {
    let least = Number.POSITIVE_INFINITY;
    do {
      least = Math.min(least, await heapUsed(operationsUrl).catch(() => least));
      await delay(HEAP_LOOK_MS, undefined, { signal: ended.signal }).catch(() => undefined);
    } while (!ended.signal.aborted);
    return least;
  })();
  return {
    end: () => {
      ended.abort();
      return looks;
    },
  };
}

/** One look is worth nothing: a connection that was idle may close while it is used. */
async function heapUsed(operationsUrl: string): Promise<number> {
  const metrics = await (await fetch(`${operationsUrl}/metrics`)).text();
  return Number(/^nodejs_heap_size_used_bytes\S* (\d+)$/m.exec(metrics)?.[1]);
}
