import type { Machine } from "../shared/machine.ts";

/** Share of the CPU time of a relayed submission, 0 to 1, that authentication and policy together may take. */
export const BOUND = 0.15;

/** What one layer costs. */
export interface LayerCost {
  readonly layer: string;
  readonly includes: string;
  /** Median over the rounds, in CPU microseconds per request. */
  readonly cpu_us: number;
  readonly lowest_us: number;
  readonly highest_us: number;
  /** Of the relay's CPU time for a relayed submission on SQLite, 0 to 1. */
  readonly share: number;
}

/** Everything that one invocation found out, as `--json` prints it. */
export interface ProtectionReport {
  /** Authentication and policy are within the bound. */
  readonly ok: boolean;
  readonly at: string;
  readonly machine: Machine;
  readonly layers: readonly LayerCost[];
  /** The relay's process, for one submission from the call to its end, protection included; one value a run. */
  readonly relayed_cpu_us: readonly number[];
  /** Share of the machine, 0 to 1, that went to anything but the bench; one value a run. */
  readonly others_cpu_share: readonly number[];
  /** The gate and the policy's rules together, as shares of a relayed submission. */
  readonly together: { readonly with_api_key: number; readonly with_token_and_condition: number };
  readonly bound: number;
  /** What could not be measured, and why. */
  readonly skipped: Readonly<Record<string, string>>;
}

/** The report for a person. bench/README.md says what it means. */
export function table(report: ProtectionReport, relayedUs: number): string {
  const { at, machine, layers, together, skipped, others_cpu_share: others } = report;
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  const rows = [
    ["layer", "CPU µs", "lowest", "highest", "of a submission", "what it includes"],
    ...layers.map((cost) => [
      cost.layer,
      cost.cpu_us.toFixed(1),
      cost.lowest_us.toFixed(1),
      cost.highest_us.toFixed(1),
      percent(cost.share),
      cost.includes,
    ]),
    [
      "a relayed submission, sqlite",
      relayedUs.toFixed(0),
      Math.min(...report.relayed_cpu_us).toFixed(0),
      Math.max(...report.relayed_cpu_us).toFixed(0),
      percent(1),
      "all of the relay's process, from the call to the end, API key",
    ],
  ];
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    row.map((text, i) => (i === 0 || i === 5 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0))),
  );
  return [
    `${at}, ${machine.cpus} CPUs (${machine.cpu_model}), Node ${machine.node}`,
    `other programs took ${others.map(percent).join(", ")} of the machine during the runs of the relay`,
    "",
    ...lines.map((cells) => cells.join("  ").trimEnd()),
    ...Object.entries(skipped).map(([what, why]) => `${what} skipped: ${why}`),
    "",
    `authentication + policy together: ${percent(together.with_api_key)} of the CPU time of a relayed submission,`,
    `${percent(together.with_token_and_condition)} with a JWT and a CEL condition (bound: ${percent(BOUND)})`,
    "",
  ].join("\n");
}
