import { type DescEnum, type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";

/** A heading and rows of cells. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Prints an answer: as JSON with the contract's names, or as whoever reads it likes it better. */
export function printAnswer<D extends DescMessage>(
  schema: D,
  message: MessageShape<D>,
  options: { json?: true },
  text: (message: MessageShape<D>) => string,
): void {
  const written = options.json
    ? `${JSON.stringify(toJson(schema, message, { useProtoFieldName: true, alwaysEmitImplicit: true }), undefined, 2)}\n`
    : text(message);
  process.stdout.write(written);
}

/** Lines of aligned columns. Characters that steer terminals are taken out: names come from others. */
export function formatTable({ columns, rows }: Table): string {
  const cells = [columns, ...rows.map((row) => row.map((cell) => printable(cell) || "-"))];
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  const lines = cells.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  "));
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

/** The text without control characters. */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, "?");
}

/** An enum value's name without its prefix, for example "REFUSED". */
export function enumText(schema: DescEnum, value: number): string {
  return schema.value[value]?.localName ?? String(value);
}
