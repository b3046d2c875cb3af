// Two relays, a signer, PostgreSQL, Redis and three endpoints fail in every way while wallets use them; then what happened
// is held against what the relay promises. `npm run -s chaos -- --help` says with what options.
import { closeSync, openSync, writeFileSync } from "node:fs";
import { inspect } from "node:util";
import { type CommandLine, readOptions, USAGE } from "./options.ts";
import { reportText } from "./report.ts";
import { runChaos } from "./run.ts";

const NOTHING_TRIED = 2;

function commandLine(): CommandLine {
  try {
    const line = readOptions(process.argv.slice(2));
    // That it cannot be written shows before the run.
    if (line.historyFile !== undefined) closeSync(openSync(line.historyFile, "a"));
    return line;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    process.exit(NOTHING_TRIED);
  }
}

async function main(): Promise<number> {
  const { json, historyFile, help, ...options } = commandLine();
  if (help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());
  const startedAt = performance.now();
  const say = (line: string) => {
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    process.stderr.write(`${String(seconds).padStart(5)} s  ${line}\n`);
  };
  const { report, history, folder } = await runChaos({ ...options, stop: stop.signal, say });
  process.stdout.write(`${json ? JSON.stringify(report, null, 2) : reportText(report)}\n`);
  if (folder !== undefined) {
    process.stderr.write(`seed ${report.seed} broke a promise; the logs are in ${folder}\n`);
  }
  const jsonValue = (_: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);
  if (historyFile !== undefined) writeFileSync(historyFile, JSON.stringify(history, jsonValue));
  return report.ok ? 0 : 1;
}

const exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${inspect(error)}\n`);
  return NOTHING_TRIED;
});
// Connections to relays that are gone would keep the process.
process.exit(exitCode);
