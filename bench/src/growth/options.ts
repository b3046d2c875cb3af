import { parseArgs } from "node:util";
import type { EngineName } from "../shared/ledgers.ts";

/** What to measure. */
export interface GrowthOptions {
  readonly json: boolean;
  readonly engines: readonly EngineName[];
  /** Finished submissions in the ledger that has grown. */
  readonly rows: number;
  /** Times that each operation is measured on each of the two ledgers. */
  readonly rounds: number;
  /** Where to keep an eye on the relay's memory instead: how many submissions; undefined for the ledger's size. */
  readonly memory: number | undefined;
}

export const USAGE = `bench:growth [--json] [--quick] [--engines sqlite,postgres] [--rows N] [--rounds N]
bench:growth --memory [--json] [--quick] [--engines sqlite,postgres] [--submissions N]
`;

const ENGINES: readonly EngineName[] = ["sqlite", "postgres"];

/** Reads the command line; throws an Error that says what is wrong with it. */
export function readOptions(args: readonly string[]): GrowthOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      engines: { type: "string", default: ENGINES.join(",") },
      rows: { type: "string" },
      rounds: { type: "string", default: "50" },
      memory: { type: "boolean", default: false },
      submissions: { type: "string" },
    },
  });
  const { quick, memory } = values;
  const submissions = whole("--submissions", values.submissions ?? (quick ? "20000" : "200000"));
  return {
    json: values.json,
    engines: values.engines.split(",").map(engineName),
    rows: whole("--rows", values.rows ?? (quick ? "100000" : "5000000")),
    rounds: whole("--rounds", values.rounds),
    memory: memory ? submissions : undefined,
  };
}

function engineName(text: string): EngineName {
  const name = ENGINES.find((engine) => engine === text);
  if (name === undefined) throw new Error(`--engines: ${text} is none of ${ENGINES.join(", ")}`);
  return name;
}

function whole(option: string, text: string): number {
  const value = Number(text);
  if (text !== "" && Number.isSafeInteger(value) && value >= 1) return value;
  throw new Error(`${option}: ${text} is not a whole number of at least 1`);
}
