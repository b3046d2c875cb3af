import { z } from "zod";

/** UTF-8 has no lone surrogates: two texts that differ must not give the same bytes. */
export const text = z.string().refine((value) => value.isWellFormed(), "must be well-formed Unicode");

/** Hexadecimal digits, small ones, of so many bytes. */
export const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));

/** At most so many decimal digits, without zeros in front. */
export const decimal = (digits: number) =>
  z
    .string()
    .regex(new RegExp(`^(0|[1-9][0-9]{0,${digits - 1}})$`))
    .transform(BigInt);

/** An entry's place in its chain, or how many entries there are. */
export const sequence = decimal(19).refine((value) => value < 2n ** 63n);

/** Milliseconds since 1970. */
export const time = z
  .int()
  .min(0)
  .max(8_640_000_000_000_000)
  .transform((ms) => new Date(ms));

/** The last line of an export. */
export const end = z.strictObject({
  type: z.literal("end"),
  entries: sequence,
  /** The last entry's. */
  hash: hex(32),
  /** SHA-256 over all lines before this one, each with its line feed. */
  linesHash: hex(32),
});

/** How the lines of an export are written and read. */
export interface LineFormat<Line> {
  /** The line's one text: JSON without spaces, fields in the order of their kind, and a line feed. */
  format(line: Line): string;
  /** Reads a line; undefined for anything but the one text that `format` gives it. */
  parse(line: string): Line | undefined;
}

/** The format of lines that `anyLine` reads; `kinds` has a shape for each type, its fields in the order of the line. */
export function lineFormat<Line extends { readonly type: string }>(
  kinds: Readonly<Record<Line["type"], z.ZodObject>>,
  anyLine: z.ZodType<Line>,
): LineFormat<Line> {
  const format = (line: Line) => {
    const values = new Map<string, unknown>(Object.entries(line));
    const fields = Object.keys(kinds[line.type as Line["type"]].shape);
    return `${JSON.stringify(Object.fromEntries(fields.map((name) => [name, plain(values.get(name))])))}\n`;
  };
  const parse = (line: string) => {
    try {
      const parsed = anyLine.parse(JSON.parse(line));
      return format(parsed) === line ? parsed : undefined;
    } catch {
      return undefined;
    }
  };
  return { format, parse };
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Date ? value.getTime() : value;
}
