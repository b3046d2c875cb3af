import type { ChaosReport } from "./run.ts";

/** Problems of one kind that are printed; the JSON has all. */
const SHOWN = 10;

/** The report as a table for people. */
export function reportText(report: ChaosReport): string {
  const { seed, seconds, settleSeconds, calls, ends, disturbances, events, signedAgain, verdicts, ok } =
    report;
  const lines = [
    ...section("calls", calls),
    ...section("submissions", { ...ends, "(signed again under another nonce)": signedAgain }),
    ...section("disturbances", disturbances),
    ...section("in the relays", events),
    "promises",
  ];
  for (const { promise, problems } of verdicts) {
    lines.push(`  ${problems.length === 0 ? "kept  " : "BROKEN"}  ${promise}`);
    for (const problem of problems.slice(0, SHOWN)) lines.push(`            ${problem}`);
    if (problems.length > SHOWN) lines.push(`            and ${problems.length - SHOWN} more`);
  }
  const end = ok ? "no promise was broken" : `BROKEN: run it again with --seed ${seed}`;
  return [
    ...lines,
    `${seconds} s, the last ${settleSeconds} s without disturbances; seed ${seed}: ${end}`,
  ].join("\n");
}

function section(title: string, counts: Readonly<Record<string, number>>): string[] {
  const names = Object.keys(counts).toSorted();
  const width = Math.max(0, ...names.map((name) => name.length));
  return [title, ...names.map((name) => `  ${name.padEnd(width)}  ${String(counts[name]).padStart(6)}`)];
}
