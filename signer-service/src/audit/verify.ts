import { createHash } from "node:crypto";
import { hashAuditEntry } from "./entry-hash.ts";
import { type AuditLine, MAX_AUDIT_LINE_BYTES, parseAuditLine } from "./export-lines.ts";
import { NO_HASH, toHex } from "./hash-text.ts";

/** What an export that is whole and unaltered says. */
export interface VerifiedAudit {
  readonly ok: true;
  readonly entries: bigint;
  /** The last entry's hash in hexadecimal digits; zeros without one. */
  readonly headHash: string;
}

export interface AlteredAudit {
  readonly ok: false;
  /** 1 for the first. */
  readonly line: number;
  readonly problem: string;
}

/**
 * Checks an export, line by line (each with its line feed) and offline: every hash, that no entry is missing, and that
 * the end is there. Nobody signs it: one that was written anew as a whole has another `headHash`.
 */
export async function verifyAudit(lines: AsyncIterable<string>): Promise<VerifiedAudit | AlteredAudit> {
  const verifier = new AuditVerifier();
  let number = 0;
  for await (const text of lines) {
    number++;
    const line = Buffer.byteLength(text) > MAX_AUDIT_LINE_BYTES ? undefined : parseAuditLine(text);
    const problem =
      line === undefined
        ? "the line is not one that an export writes, to the byte"
        : verifier.take(line, text);
    if (problem !== undefined) return { ok: false, line: number, problem };
  }
  const problem = "the export is cut off: its end is missing";
  return verifier.result() ?? { ok: false, line: number + 1, problem };
}

class AuditVerifier {
  #started = false;
  #ended = false;
  #sequence = 0n;
  #hash: Uint8Array = NO_HASH;
  readonly #lines = createHash("sha256");

  /** A sentence when something is wrong with the line. */
  take(line: AuditLine, text: string): string | undefined {
    if (this.#ended) return "the export goes on after its end";
    if (this.#started === (line.type === "start")) {
      return this.#started
        ? "a second start stands within the export"
        : "the export does not begin with its start";
    }
    this.#started = true;
    if (line.type === "end") return this.#takeEnd(line);
    this.#lines.update(text);
    return line.type === "entry" ? this.#takeEntry(line) : undefined;
  }

  result(): VerifiedAudit | undefined {
    if (!this.#ended) return undefined;
    return { ok: true, entries: this.#sequence, headHash: toHex(this.#hash) };
  }

  #takeEntry(entry: Extract<AuditLine, { type: "entry" }>): string | undefined {
    const expected = this.#sequence + 1n;
    if (entry.sequence !== expected) return `entry ${entry.sequence} stands where ${expected} belongs`;
    const hash = hashAuditEntry(this.#hash, entry);
    if (toHex(hash) !== entry.hash) {
      return `entry ${expected} is altered, or does not follow the one before it: its hash does not match`;
    }
    this.#sequence = expected;
    this.#hash = hash;
    return undefined;
  }

  #takeEnd(end: Extract<AuditLine, { type: "end" }>): string | undefined {
    if (end.entries !== this.#sequence) return "the end counts other entries";
    if (end.hash !== toHex(this.#hash)) return "the end has another hash than the last entry";
    if (end.linesHash !== this.#lines.digest("hex"))
      return "lines before the end are altered, missing or added";
    this.#ended = true;
    return undefined;
  }
}
