/** Rows as lines of aligned columns, the heading first; "-" for what is empty. */
export function formatColumns(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [heading, ...rows.map((row) => row.map((cell) => printable(cell) || "-"))];
  const widths = heading.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  const lines = cells.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  "));
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

/** Without characters that steer terminals: reasons and problems come from others. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, "?");
}
