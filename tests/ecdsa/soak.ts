// Makes presignatures and signatures from random shares, in random roles, and has others verify them:
//
//   npm run soak:ecdsa -- [--runs N] [--seed N]
//
// The runs have the seeds N, N + 1, …; without one they differ each time. Exits with 1 when a run failed.
import { parseArgs } from "node:util";
import { randomRun } from "./support/random-runs.ts";

const { values } = parseArgs({ options: { runs: { type: "string" }, seed: { type: "string" } } });
const runs = Number(values.runs ?? 1_000);
const first = Number(values.seed ?? Date.now() % 2 ** 32);
if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(first)) {
  throw new RangeError("--runs and --seed take whole numbers");
}

const say = (text: string) => process.stdout.write(`${text}\n`);
say(`${runs} runs with seed ${first}`);
const started = process.cpuUsage();
let failed = 0;
for (let done = 0; done < runs; done++) {
  const faults = await faultsOf(first + done);
  for (const fault of faults) say(`FAULT seed ${first + done}: ${fault}`);
  if (faults.length > 0) failed++;
  if ((done + 1) % 100 === 0) say(`${done + 1} runs, ${failed} failed`);
}
const { user, system } = process.cpuUsage(started);
const each = Math.round((user + system) / 1_000 / runs);
say(
  `${runs - failed} of ${runs} runs gave a signature that others verify; ${each} ms of processor a run, both sides`,
);
process.exitCode = failed === 0 ? 0 : 1;

/** A run that aborts is a fault, and the next ones still show whether it is the only one. */
async function faultsOf(seed: number): Promise<readonly string[]> {
  try {
    const { faults, calls } = await randomRun(seed);
    return calls === 5 ? faults : [...faults, `a presignature took ${calls} calls`];
  } catch (error) {
    return [String(error)];
  }
}
