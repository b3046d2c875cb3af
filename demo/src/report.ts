import { formatNearAmount } from "near-api-js";
import type { LookBack } from "./look-back.ts";
import type { StepResult } from "./step.ts";

/** What the demo found out, also as `--json` prints it. Amounts in yoctoNEAR as decimal strings. */
export interface Report extends LookBack {
  readonly ok: boolean;
  readonly steps: readonly StepReport[];
  readonly paid: Readonly<Record<string, { before: string; after: string; difference: string }>>;
  readonly problems: readonly string[];
}

const GAS_PER_TGAS = 1e12;

interface StepReport {
  readonly step: string;
  readonly protocol: string;
  readonly expected: string;
  readonly got: string;
  readonly submission_id: string;
  readonly transaction_hash: string;
  readonly relayer_burnt: string;
  readonly relayer_deposit: string;
  readonly times_ms: Readonly<Record<string, number>>;
}

export function stepReport(result: StepResult): StepReport {
  const { submission } = result;
  return {
    step: result.step,
    protocol: result.protocol,
    expected: result.expected,
    got: result.got,
    submission_id: submission?.id ?? "",
    transaction_hash: submission?.transaction?.hash ?? "",
    relayer_burnt: submission?.cost?.tokensBurnt ?? "0",
    relayer_deposit: submission?.cost?.deposit ?? "0",
    times_ms: result.timesMs,
  };
}

/** The report as tables for a person. */
export function tables({ steps, usage, audit, paid, problems }: Report): string {
  const time = (step: StepReport, name: string) => String(step.times_ms[name] ?? "");
  const rows = steps.map((step) => [
    step.step,
    step.protocol,
    step.got === step.expected ? step.got : `${step.got} (expected ${step.expected})`,
    step.transaction_hash.slice(0, 8),
    near(step.relayer_burnt),
    near(step.relayer_deposit),
    ...["accepted", "signed", "broadcast", "included", "succeeded"].map((name) => time(step, name)),
  ]);
  const heads = ["step", "protocol", "result", "tx", "gas paid", "deposit"];
  const times = ["accepted", "signed", "sent", "in block", "final"];
  const balances = Object.entries(paid).map(([account, { before, after, difference }]) => [
    account,
    near(before),
    near(after),
    near(difference),
  ]);
  const used = usage.map(({ group, submissions, succeeded, accounts, gas, tokens_burnt, deposit }) => [
    group,
    submissions,
    succeeded,
    accounts,
    (Number(gas) / GAS_PER_TGAS).toFixed(2),
    near(tokens_burnt),
    near(deposit),
  ]);
  return [
    table([...heads, ...times], rows),
    "The last five columns are milliseconds since the call; amounts are NEAR.",
    "",
    table(["method", "submissions", "succeeded", "accounts", "Tgas", "gas paid", "deposit"], used),
    `Audit log: ${audit?.entries ?? "no"} entries, ${audit?.ok ? `signed by ${audit.publicKey}` : "ALTERED"}`,
    "",
    table(["account", "before", "after", "difference"], balances),
    ...problems.map((problem) => `PROBLEM: ${problem}`),
    "",
  ].join("\n");
}

function near(yocto: string): string {
  if (yocto === "0") return "";
  return yocto.startsWith("-") ? `-${formatNearAmount(yocto.slice(1), 6)}` : formatNearAmount(yocto, 6);
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(heads), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line), ""].join("\n");
}
