import { z } from "zod";

/** Names the format, in an export's first line. */
export const AUDIT_FORMAT = "countersign-signer-audit-v1";
/** Longest line of an export, in bytes with its line feed; the longest that a signer writes stays well below. */
export const MAX_AUDIT_LINE_BYTES = 65_536;

/** UTF-8 has no lone surrogates: two texts that differ must not give the same bytes. */
const text = z.string().refine((value) => value.isWellFormed(), "must be well-formed Unicode");
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const sequence = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,17})$/)
  .transform(BigInt);
/** Milliseconds since 1970. */
const time = z
  .int()
  .min(0)
  .max(8_640_000_000_000_000)
  .transform((ms) => new Date(ms));

// The order of a shape's fields is their order in the line.
const lines = {
  start: z.strictObject({ type: z.literal("start"), format: z.literal(AUDIT_FORMAT), at: time }),
  entry: z.strictObject({
    type: z.literal("entry"),
    sequence,
    at: time,
    kind: text,
    actor: text,
    keyId: text,
    /** JSON, as it was written. */
    detail: text,
    hash,
  }),
  end: z.strictObject({
    type: z.literal("end"),
    entries: sequence,
    hash,
    /** SHA-256 over all lines before this one, each with its line feed. */
    linesHash: hash,
  }),
};

const anyLine = z.discriminatedUnion("type", [lines.start, lines.entry, lines.end]);

/** A line of an export of the signer's audit; docs/signer.md says what each is. */
export type AuditLine = z.output<typeof anyLine>;

/** The line's one text: JSON without spaces, fields in the order of their kind, and a line feed. */
export function formatAuditLine(line: AuditLine): string {
  const fields = Object.keys(lines[line.type].shape);
  const values = new Map<string, unknown>(Object.entries(line));
  return `${JSON.stringify(Object.fromEntries(fields.map((name) => [name, plain(values.get(name))])))}\n`;
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Date ? value.getTime() : value;
}

/** Reads a line; undefined for anything but the one text that `formatAuditLine` gives it. */
export function parseAuditLine(line: string): AuditLine | undefined {
  try {
    const parsed = anyLine.parse(JSON.parse(line));
    return formatAuditLine(parsed) === line ? parsed : undefined;
  } catch {
    return undefined;
  }
}
