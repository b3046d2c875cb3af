import { type AlteredExport, ChainVerifier, checkLines, cutOff } from "../chain/chain-verifier.ts";
import { hashAuditEntry } from "./entry-hash.ts";
import { auditLines, MAX_AUDIT_LINE_BYTES } from "./export-lines.ts";

/** What an export that is whole and unaltered says. */
export interface VerifiedAudit {
  readonly ok: true;
  readonly entries: bigint;
  /** The last entry's hash in hexadecimal digits; zeros without one. */
  readonly headHash: string;
}

/**
 * Checks an export, line by line (each with its line feed) and offline: every hash, that no entry is missing, and that
 * the end is there. Nobody signs it: one that was written anew as a whole has another `headHash`.
 */
export async function verifyAudit(lines: AsyncIterable<string>): Promise<VerifiedAudit | AlteredExport> {
  const chain = new ChainVerifier();
  const format = { maxBytes: MAX_AUDIT_LINE_BYTES, parse: auditLines.parse };
  const checked = await checkLines(lines, format, (line, text) => {
    const problem = chain.line(line.type, text);
    if (problem !== undefined) return problem;
    if (line.type === "end") return chain.end(line);
    return line.type === "entry" ? chain.entry(line, (before) => hashAuditEntry(before, line)) : undefined;
  });
  if (!checked.ok) return checked;
  if (!chain.ended) return cutOff(checked.lines);
  return { ok: true, entries: chain.entries, headHash: chain.headHash };
}
