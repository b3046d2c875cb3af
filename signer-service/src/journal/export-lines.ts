import { isValidAccountId, parsePublicKey } from "@countersign/near";
import { z } from "zod";

/** Names the format, in an export's first line. */
export const EXPORT_FORMAT = "countersign-journal-v1";
/** Longest line of an export, in bytes with its line feed; the longest that a signer writes stays well below. */
export const MAX_LINE_BYTES = 16_384;

/** UTF-8 has no lone surrogates: two texts that differ must not give the same bytes. */
const text = z.string().refine((value) => value.isWellFormed(), "must be well-formed Unicode");
const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));
/** Decimal digits without zeros in front. */
const decimal = (digits: number) =>
  z
    .string()
    .regex(new RegExp(`^(0|[1-9][0-9]{0,${digits - 1}})$`))
    .transform(BigInt);
const sequence = decimal(19).refine((value) => value < 2n ** 63n);
const nonce = decimal(20).refine((value) => value < 2n ** 64n);
/** Milliseconds since 1970. */
const time = z
  .int()
  .min(0)
  .max(8_640_000_000_000_000)
  .transform((ms) => new Date(ms));
const publicKey = z.string().max(128).refine(isPublicKey, "must be a public key");
const account = z.string().refine(isValidAccountId, "must be an account id");

// The order of a shape's fields is their order in the line.
const lines = {
  start: z.strictObject({ type: z.literal("start"), format: z.literal(EXPORT_FORMAT), at: time }),
  key: z.strictObject({
    type: z.literal("key"),
    keyId: text,
    network: text,
    accountId: account,
    publicKey,
    backend: text,
    reference: text,
    state: z.enum(["PENDING", "ACTIVE", "DRAINED", "RETIRED"]),
    pauseReason: text.nullable(),
    highestNonce: nonce.nullable(),
  }),
  entry: z.strictObject({
    type: z.literal("entry"),
    sequence,
    at: time,
    network: text,
    accountId: account,
    publicKey,
    nonce,
    payloadHash: hex(32),
    purpose: text,
    grantId: z.union([z.literal(""), hex(16)]),
    tenant: text,
    submissionId: text,
    deposit: decimal(39),
    requestId: text,
    peer: text,
    supersedes: sequence,
    hash: hex(32),
    signature: z.union([z.null(), hex(64), hex(65)]),
  }),
  end: z.strictObject({
    type: z.literal("end"),
    entries: sequence,
    hash: hex(32),
    /** SHA-256 over all lines before this one, each with its line feed. */
    linesHash: hex(32),
  }),
};

const anyLine = z.discriminatedUnion("type", [lines.start, lines.key, lines.entry, lines.end]);

/** A line of an export; docs/signer.md says what each is. */
export type ExportLine = z.output<typeof anyLine>;
export type LineOf<T extends ExportLine["type"]> = Extract<ExportLine, { type: T }>;

/** The line's one text: JSON without spaces, fields in the order of their kind, and a line feed. */
export function formatLine(line: ExportLine): string {
  const fields = Object.keys(lines[line.type].shape);
  const values = new Map<string, unknown>(Object.entries(line));
  return `${JSON.stringify(Object.fromEntries(fields.map((name) => [name, plain(values.get(name))])))}\n`;
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Date ? value.getTime() : value;
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

function isPublicKey(value: string): boolean {
  try {
    parsePublicKey(value);
    return true;
  } catch {
    return false;
  }
}
