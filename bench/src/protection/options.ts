import { parseArgs } from "node:util";

/** How much to measure. */
export interface ProtectionOptions {
  readonly json: boolean;
  /** Runs of the whole relay; after each of them, rounds of the layers. */
  readonly runs: number;
  /** Rounds of each layer after each run. */
  readonly rounds: number;
  /** Calls of a cheap layer in a round; dear ones get fewer. */
  readonly calls: number;
  /** Submissions of one run. */
  readonly submissions: number;
}

export const USAGE = "bench:protection [--json] [--quick]\n";

/** Reads the command line; throws an Error that says what is wrong with it. */
export function readOptions(args: readonly string[]): ProtectionOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: "boolean", default: false }, quick: { type: "boolean", default: false } },
  });
  return values.quick
    ? { json: values.json, runs: 1, rounds: 5, calls: 2_000, submissions: 500 }
    : { json: values.json, runs: 3, rounds: 5, calls: 8_000, submissions: 1_500 };
}
