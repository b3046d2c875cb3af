// Two relays, a signer, PostgreSQL, Redis and three endpoints fail in every way while wallets use them; then what happened
// is held against what the relay promises:
//
//   npm run chaos -- [--seed N] [--minutes M] [--submissions N] [--keys N] [--callers N] [--rate N] [--no-kills]
//                    [--plain] [--json] [--history FILE]
//
// Without --minutes and --submissions: two minutes. --no-kills: only the endpoints fail. --plain: only calls that are sure to
// be taken on. --rate 0: as many as are answered. Exits with 1 when a promise was broken, and names the seed and the folder
// of the logs.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { reportText } from "./report.ts";
import { type ChaosOptions, runChaos } from "./run.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    minutes: { type: "string" },
    submissions: { type: "string" },
    keys: { type: "string" },
    callers: { type: "string" },
    rate: { type: "string" },
    "no-kills": { type: "boolean" },
    plain: { type: "boolean" },
    json: { type: "boolean" },
    history: { type: "string" },
  },
});

function count(name: "seed" | "submissions" | "keys" | "callers" | "rate", otherwise: number): number {
  const value = Number(values[name] ?? otherwise);
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`--${name} takes a whole number`);
  return value;
}

const minutes = Number(values.minutes ?? (values.submissions === undefined ? 2 : 60));
if (!(minutes > 0)) throw new RangeError("--minutes takes a number above 0");
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());
const startedAt = performance.now();
const options: ChaosOptions = {
  seed: count("seed", Date.now() % 2 ** 32),
  durationMs: minutes * 60_000,
  submissions: values.submissions === undefined ? undefined : count("submissions", 0),
  keys: count("keys", 4),
  callers: count("callers", 20),
  rate: count("rate", values.submissions === undefined ? 30 : 0),
  kills: values["no-kills"] !== true,
  plainOnly: values.plain === true,
  settleMs: 120_000,
  stop: stop.signal,
  say: (line) => {
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    process.stderr.write(`${String(seconds).padStart(5)} s  ${line}\n`);
  },
};
const { report, history, folder } = await runChaos(options);
const jsonValue = (_: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);
if (values.history !== undefined) writeFileSync(values.history, JSON.stringify(history, jsonValue));
process.stdout.write(`${values.json ? JSON.stringify(report, null, 2) : reportText(report)}\n`);
if (folder !== undefined)
  process.stderr.write(`seed ${report.seed} broke a promise; the logs are in ${folder}\n`);
// Connections to relays that are gone would keep the process.
process.exit(report.ok ? 0 : 1);
