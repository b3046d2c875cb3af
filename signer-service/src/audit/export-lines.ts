import { z } from "zod";
import { end, hex, lineFormat, sequence, text, time } from "../chain/line-format.ts";

/** Names the format, in an export's first line. */
export const AUDIT_FORMAT = "countersign-signer-audit-v1";
/** Longest line of an export, in bytes with its line feed; the longest that a signer writes stays well below. */
export const MAX_AUDIT_LINE_BYTES = 65_536;

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
    hash: hex(32),
  }),
  end,
};

const anyLine = z.discriminatedUnion("type", [lines.start, lines.entry, lines.end]);

/** How the lines of an export of the signer's audit are written and read; docs/signer.md says what each is. */
export const auditLines = lineFormat(lines, anyLine);
