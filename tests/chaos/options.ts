import { parseArgs } from "node:util";
import type { ChaosOptions } from "./run.ts";

export const USAGE = `chaos [--seed N] [--minutes M] [--submissions N] [--keys N] [--callers N] [--rate N] [--no-kills]
      [--plain] [--json] [--history FILE]

Without --minutes and --submissions: two minutes. --no-kills: only the endpoints fail. --plain: only calls that are sure to
be taken on. --rate 0: as many as are answered. Exits with 1 when a promise was broken, and names the seed and the folder
of the logs; with 2 when nothing could be tried.
`;

export interface CommandLine extends Omit<ChaosOptions, "stop" | "say"> {
  readonly json: boolean;
  /** Where all is written that the checker saw. */
  readonly historyFile: string | undefined;
  readonly help: boolean;
}

/** Longest that a call or a submission may go without an answer or an end, in milliseconds. */
const SETTLE_MS = 120_000;

/** Throws an Error that says what is wrong with the command line. */
export function readOptions(args: readonly string[]): CommandLine {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: "string" },
      minutes: { type: "string" },
      submissions: { type: "string" },
      keys: { type: "string", default: "4" },
      callers: { type: "string", default: "20" },
      rate: { type: "string" },
      "no-kills": { type: "boolean", default: false },
      plain: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      history: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const { seed = String(Date.now() % 2 ** 32), submissions } = values;
  const { minutes = submissions === undefined ? "2" : "60", rate = submissions === undefined ? "30" : "0" } =
    values;
  if (!(Number(minutes) > 0 && Number(minutes) < 24 * 60)) {
    throw new Error(`--minutes: ${minutes} is not a number above 0, of a day at most`);
  }
  return {
    seed: whole("--seed", seed, 0),
    durationMs: Number(minutes) * 60_000,
    submissions: submissions === undefined ? undefined : whole("--submissions", submissions, 1),
    keys: whole("--keys", values.keys, 1),
    callers: whole("--callers", values.callers, 1),
    rate: whole("--rate", rate, 0),
    kills: !values["no-kills"],
    plainOnly: values.plain,
    settleMs: SETTLE_MS,
    json: values.json,
    historyFile: values.history,
    help: values.help,
  };
}

function whole(option: string, text: string, least: number): number {
  const value = Number(text);
  if (text !== "" && Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`${option}: ${text} is not a whole number of at least ${least}`);
}
