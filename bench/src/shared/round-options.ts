import { parseArgs } from "node:util";

/** How long to measure what is measured in rounds. */
export interface RoundOptions {
  readonly json: boolean;
  /** Times that everything is measured; the median counts. */
  readonly rounds: number;
  /** How many times smaller than usual a round is. */
  readonly smaller: number;
  /** Where processes leave CPU profiles; undefined for none. */
  readonly profileFolder: string | undefined;
  readonly logLevel: string;
}

/** The command line of a benchmark that takes these options. */
export function roundUsage(program: string): string {
  return `${program} [--json] [--quick] [--rounds N] [--profile FOLDER] [--log-level LEVEL]\n`;
}

/** Reads the command line; throws an Error that says what is wrong with it. */
export function readRoundOptions(args: readonly string[]): RoundOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      profile: { type: "string" },
      "log-level": { type: "string", default: "info" },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
  if (!Number.isSafeInteger(rounds) || rounds < 1)
    throw new Error("--rounds: must be a whole number from 1 on");
  return {
    json: values.json,
    rounds,
    smaller: values.quick ? 10 : 1,
    profileFolder: values.profile,
    logLevel: values["log-level"],
  };
}
