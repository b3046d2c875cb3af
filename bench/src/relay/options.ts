import { parseArgs } from "node:util";
import type { EngineName } from "../shared/ledgers.ts";
import type { HttpVersion } from "./callers.ts";

/** What to measure. Latencies in milliseconds. */
export interface BenchOptions {
  readonly json: boolean;
  readonly engines: readonly EngineName[];
  readonly latencies: readonly number[];
  /** A run's load ends after this many seconds at the latest. */
  readonly seconds: number;
  /** A run's load ends after this many submissions at the latest. */
  submissions(latencyMs: number): number;
  /** Submissions before the clock starts. */
  warmUp(latencyMs: number): number;
  /** Calls in flight. */
  concurrency(latencyMs: number): number;
  /** Delegates of one call. */
  readonly batch: number;
  /** Delegates a second that callers begin with, whatever the relay does; undefined for a closed loop. */
  readonly rate: number | undefined;
  readonly chain: ChainKind;
  /** The relayer's access keys. */
  readonly keys: number;
  /** Most transactions of a key that are sent and not yet seen in a block. */
  readonly window: number;
  /** Of the callers. */
  readonly http: HttpVersion;
  /** For node itself, where it runs the relay. */
  readonly relayNodeArgs: readonly string[];
  /** The relay's priority beside all others, as `nice` counts. */
  readonly relayNice: number;
  /** Where to write CPU profiles of the relay; undefined for none. */
  readonly profileFolder: string | undefined;
  readonly logLevel: string;
}

/** A devnet that checks and executes all, in blocks; or a mock that says at once that all was executed. */
export type ChainKind = "devnet" | "mock";

export const USAGE = `bench:relay [--json] [--quick] [--engines sqlite,postgres] [--latencies 0,50,1200]
            [--seconds N] [--submissions N] [--warm-up N] [--concurrency N] [--batch N] [--rate N]
            [--chain devnet|mock] [--keys N] [--window N] [--profile FOLDER] [--relay-node-args ARGS]
            [--relay-nice=N] [--http 1.1|2] [--log-level LEVEL]
`;

const ENGINES: readonly EngineName[] = ["sqlite", "postgres"];
const BLOCK_OF_LATENCY_MS = 1_000;
/** Half of what is measured, within these: node compiles most of what runs often within some thousands of calls. */
const MIN_WARM_UP = 1_000;
const MAX_WARM_UP = 5_000;

/** Reads the command line; throws an Error that says what is wrong with it. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      engines: { type: "string", default: ENGINES.join(",") },
      latencies: { type: "string", default: "0,50,1200" },
      seconds: { type: "string" },
      submissions: { type: "string" },
      "warm-up": { type: "string" },
      concurrency: { type: "string" },
      batch: { type: "string", default: "1" },
      rate: { type: "string" },
      chain: { type: "string", default: "devnet" },
      keys: { type: "string", default: "1" },
      window: { type: "string", default: "256" },
      profile: { type: "string" },
      http: { type: "string", default: "2" },
      "relay-node-args": { type: "string", default: "" },
      "relay-nice": { type: "string", default: "0" },
      "log-level": { type: "string", default: "error" },
    },
  });
  const { quick } = values;
  const submissions = values.submissions && whole("--submissions", values.submissions, 1);
  const submissionsAt = (latencyMs: number) => submissions || defaultSubmissions(latencyMs, quick);
  const warmUp = values["warm-up"] && whole("--warm-up", values["warm-up"], 1);
  const concurrency = values.concurrency && whole("--concurrency", values.concurrency, 1);
  return {
    json: values.json,
    engines: values.engines.split(",").map(engineName),
    latencies: values.latencies.split(",").map((text) => whole("--latencies", text, 0)),
    seconds: whole("--seconds", values.seconds ?? (quick ? "5" : "20"), 1),
    submissions: submissionsAt,
    warmUp: (latencyMs) => warmUp || defaultWarmUp(submissionsAt(latencyMs)),
    concurrency: (latencyMs) => concurrency || defaultConcurrency(latencyMs),
    batch: whole("--batch", values.batch, 1),
    rate: values.rate === undefined ? undefined : whole("--rate", values.rate, 1),
    chain: chainKind(values.chain),
    keys: whole("--keys", values.keys, 1),
    window: whole("--window", values.window, 1),
    http: httpVersion(values.http),
    relayNodeArgs: values["relay-node-args"].split(" ").filter((arg) => arg !== ""),
    relayNice: whole("--relay-nice", values["relay-nice"], -20),
    profileFolder: values.profile,
    logLevel: values["log-level"],
  };
}

/** A slow chain gets less work, so that a run stays below a minute. */
function defaultSubmissions(latencyMs: number, quick: boolean): number {
  if (latencyMs >= BLOCK_OF_LATENCY_MS) return quick ? 200 : 1_000;
  return quick ? 500 : 4_000;
}

function defaultWarmUp(submissions: number): number {
  return Math.min(MAX_WARM_UP, Math.max(MIN_WARM_UP, Math.ceil(submissions / 2)));
}

/** A slow chain needs more calls in flight before the relay has anything to do. */
function defaultConcurrency(latencyMs: number): number {
  if (latencyMs >= BLOCK_OF_LATENCY_MS) return 512;
  return latencyMs > 0 ? 128 : 32;
}

function engineName(text: string): EngineName {
  const name = ENGINES.find((engine) => engine === text);
  if (name === undefined) throw new Error(`--engines: ${text} is none of ${ENGINES.join(", ")}`);
  return name;
}

function chainKind(name: string): ChainKind {
  if (name === "devnet" || name === "mock") return name;
  throw new Error(`--chain: ${name} is neither devnet nor mock`);
}

function httpVersion(text: string): HttpVersion {
  if (text === "1.1" || text === "2") return text;
  throw new Error(`--http: ${text} is neither 1.1 nor 2`);
}

function whole(option: string, text: string, least: number): number {
  const value = Number(text);
  if (text !== "" && Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`${option}: ${text} is not a whole number of at least ${least}`);
}
