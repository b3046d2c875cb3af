import { parseArgs } from "node:util";
import { WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";

/** What to measure. */
export interface PeerOptions {
  readonly json: boolean;
  /** Of the chain's RPC, in milliseconds. */
  readonly latencies: readonly number[];
  /** Calls in flight. */
  readonly concurrencies: readonly number[];
  /** Our relay's numbers of keys. */
  readonly keys: readonly number[];
  readonly endpoints: number;
  /** The share of the chain's answers that are lost, 0 to 1. */
  readonly lostAnswers: number;
  /** Until when our relay is asked to wait with its answer. */
  readonly waitUntil: WaitUntil;
  /** How long calls are begun in a cell, in milliseconds. */
  windowMs(latencyMs: number): number;
  readonly logLevel: string;
}

export const USAGE = `bench:peers [--json] [--quick] [--latencies 0,50,1200] [--concurrency 1,10,50] [--keys 1,8] [--endpoints 2]
            [--lost-answers 0.01] [--wait-until final] [--seconds N] [--log-level LEVEL]
`;

const SLOW_CHAIN_MS = 1_000;

/** Reads the command line; throws an Error that says what is wrong with it. */
export function readOptions(args: readonly string[]): PeerOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      latencies: { type: "string", default: "0,50,1200" },
      concurrency: { type: "string", default: "1,10,50" },
      keys: { type: "string", default: "1,8" },
      endpoints: { type: "string", default: "2" },
      "lost-answers": { type: "string", default: "0.01" },
      "wait-until": { type: "string", default: "final" },
      seconds: { type: "string" },
      "log-level": { type: "string", default: "error" },
    },
  });
  const seconds = values.seconds && whole("--seconds", values.seconds, 1);
  const list = (option: string, text: string, least: number) =>
    text.split(",").map((number) => whole(option, number, least));
  return {
    json: values.json,
    latencies: list("--latencies", values.latencies, 0),
    concurrencies: list("--concurrency", values.concurrency, 1).toSorted((a, b) => a - b),
    keys: list("--keys", values.keys, 1),
    endpoints: whole("--endpoints", values.endpoints, 1),
    lostAnswers: share("--lost-answers", values["lost-answers"]),
    waitUntil: waitUntil(values["wait-until"]),
    windowMs: (latencyMs) => (seconds || defaultSeconds(latencyMs, values.quick)) * 1000,
    logLevel: values["log-level"],
  };
}

/** On a slow chain a single call takes as long as a hundred on a fast one. */
function defaultSeconds(latencyMs: number, quick: boolean): number {
  if (latencyMs >= SLOW_CHAIN_MS) return quick ? 15 : 60;
  return quick ? 4 : 20;
}

function waitUntil(text: string): WaitUntil {
  if (text === "included") return WaitUntil.INCLUDED;
  if (text === "final") return WaitUntil.FINAL;
  throw new Error(`--wait-until: ${text} is none of included, final`);
}

function whole(option: string, text: string, least: number): number {
  const value = Number(text);
  if (text !== "" && Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`${option}: ${text} is not a whole number of at least ${least}`);
}

function share(option: string, text: string): number {
  const value = Number(text);
  if (text !== "" && value >= 0 && value <= 1) return value;
  throw new Error(`${option}: ${text} is not a number from 0 to 1`);
}
