import { isPublicKey, isValidAccountId } from "@countersign/near";
import { z } from "zod";
import { decimal, end, hex, lineFormat, sequence, text, time } from "../chain/line-format.ts";

/** Names the format, in an export's first line. */
export const EXPORT_FORMAT = "countersign-journal-v1";
/** Longest line of an export, in bytes with its line feed; the longest that a signer writes stays well below. */
export const MAX_LINE_BYTES = 16_384;

const nonce = decimal(20).refine((value) => value < 2n ** 64n);
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
    gas: decimal(39),
    requestId: text,
    peer: text,
    supersedes: sequence,
    hash: hex(32),
    signature: z.union([z.null(), hex(64), hex(65)]),
  }),
  end,
};

const anyLine = z.discriminatedUnion("type", [lines.start, lines.key, lines.entry, lines.end]);

/** A line of an export; docs/signer.md says what each is. */
export type ExportLine = z.output<typeof anyLine>;
export type LineOf<T extends ExportLine["type"]> = Extract<ExportLine, { type: T }>;

/** How an export's lines are written and read. */
export const journalLines = lineFormat(lines, anyLine);
