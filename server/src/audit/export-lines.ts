import { z } from "zod";

/** Names the format, in an export's first line. */
export const EXPORT_FORMAT = "countersign-audit-v1";
/** Longest line of an export, in bytes with its line feed; the longest entry of this relay stays well below. */
export const MAX_LINE_BYTES = 65_536;

/** UTF-8 has no lone surrogates: two texts that differ must not give the same bytes. */
const text = z.string().refine((value) => value.isWellFormed(), "must be well-formed Unicode");
const sequence = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,18})$/)
  .transform(BigInt);
/** Milliseconds since 1970. */
const time = z
  .int()
  .min(0)
  .max(8_640_000_000_000_000)
  .transform((ms) => new Date(ms));
const hex = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`))
    .transform((digits): Uint8Array => Buffer.from(digits, "hex"));

const place = { sequence, hash: hex(32), at: time };
const signature = hex(64);

// The order of a shape's fields is their order in the line.
const lines = {
  start: z.strictObject({
    type: z.literal("start"),
    format: z.literal(EXPORT_FORMAT),
    tenant: text,
    ...place,
    public_key: z.string().max(128),
    signature,
  }),
  entry: z.strictObject({
    type: z.literal("entry"),
    sequence,
    at: time,
    kind: text,
    actor: text,
    detail: text,
    hash: hex(32),
  }),
  head: z.strictObject({ type: z.literal("head"), ...place, signature }),
  end: z.strictObject({
    type: z.literal("end"),
    ...place,
    entries: z.int().min(0),
    lines_hash: hex(32),
    signature,
  }),
};

const anyLine = z.discriminatedUnion("type", [lines.start, lines.entry, lines.head, lines.end]);

/** A line of an export; docs/audit.md says what each is. */
export type ExportLine = z.output<typeof anyLine>;

/** The line's one text: JSON without spaces, fields in the order of their kind, and a line feed. */
export function formatLine(line: ExportLine): string {
  const fields = Object.keys(lines[line.type].shape);
  const values = new Map<string, unknown>(Object.entries(line));
  return `${JSON.stringify(Object.fromEntries(fields.map((name) => [name, plain(values.get(name))])))}\n`;
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Date) return value.getTime();
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
}

/** Reads a line; undefined for anything but the one text that `formatLine` gives it. */
export function parseLine(line: string): ExportLine | undefined {
  try {
    const parsed = anyLine.parse(JSON.parse(line));
    return formatLine(parsed) === line ? parsed : undefined;
  } catch {
    return undefined;
  }
}
