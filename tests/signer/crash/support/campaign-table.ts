import type { CampaignReport } from "./campaign.ts";
import { FAULT_POINTS } from "./plan.ts";

/** How often signers were killed at each point, and how many nonces were asked for in the lives that ended there. */
export function campaignTable(reports: readonly CampaignReport[]): string {
  const rows = FAULT_POINTS.map((point) => {
    const counts = reports.map((report) => report.points.find((p) => p.point === point));
    const nonces = counts.reduce((sum, count) => sum + (count?.nonces ?? 0), 0);
    return [point, ...counts.map((count) => String(count?.kills ?? 0)), String(nonces)];
  });
  const totals = [
    ["signatures made", ...reports.map(({ signed }) => String(signed)), ""],
    ["signatures released", ...reports.map(({ released }) => String(released)), ""],
  ];
  const table = [["killed", ...reports.map(({ store }) => store), "nonces"], ...rows, ...totals];
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ");
  return table.map(line).join("\n");
}
