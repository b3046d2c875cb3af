import { createHash } from "node:crypto";
import { verifyStatement } from "./audit-key.ts";
import { hashEntry } from "./entry-hash.ts";
import { type ExportLine, MAX_LINE_BYTES, parseLine } from "./export-lines.ts";
import { endStatement, headStatement, startStatement } from "./statements.ts";

/** What an export that is whole and unaltered says. */
export interface VerifiedExport {
  readonly ok: true;
  readonly tenant: string;
  /** Of the first and the last entry; 0 when there is none. */
  readonly first: bigint;
  readonly last: bigint;
  readonly entries: bigint;
  readonly signedHeads: number;
  readonly publicKey: string;
  /** Whether the key was given, and not taken from the export itself. */
  readonly pinned: boolean;
  /** When the export ended. */
  readonly at: Date;
}

export interface AlteredExport {
  readonly ok: false;
  /** 1 for the first. */
  readonly line: number;
  /** The entry that is altered, missing or out of place; undefined when the entries up to the line are as they were. */
  readonly sequence: bigint | undefined;
  readonly problem: string;
}

/**
 * Checks an export, line by line (each with its line feed) and offline: every signature, every hash, that no entry is
 * missing, repeated or out of place, and that the end is there. `publicKey` is the relay's, got on another way than
 * the export; without it, whoever can write the whole export anew passes.
 */
export async function verifyExport(
  lines: AsyncIterable<string>,
  publicKey?: string,
): Promise<VerifiedExport | AlteredExport> {
  const verifier = new Verifier(publicKey);
  let line = 0;
  for await (const text of lines) {
    line++;
    const problem = verifier.take(text);
    if (problem !== undefined) return { ok: false, line, sequence: verifier.suspect, problem };
  }
  const problem = "the export is cut off: its signed end is missing";
  return verifier.result() ?? { ok: false, line: line + 1, sequence: undefined, problem };
}

type LineOf<T extends ExportLine["type"]> = Extract<ExportLine, { type: T }>;

class Verifier {
  readonly #pinned: string | undefined;
  #start: LineOf<"start"> | undefined;
  #end: LineOf<"end"> | undefined;
  /** Where the chain stands after the lines so far. */
  #sequence = 0n;
  #hash: Uint8Array = new Uint8Array(32);
  #heads = 0;
  /** Over all lines so far. */
  readonly #lines = createHash("sha256");
  /** The entry that a line's problem is about: the next one, unless the line says otherwise. */
  suspect: bigint | undefined;

  constructor(pinned: string | undefined) {
    this.#pinned = pinned;
  }

  /** A sentence when something is wrong with the line. */
  take(text: string): string | undefined {
    const start = this.#start;
    this.suspect = start === undefined || this.#end !== undefined ? undefined : this.#sequence + 1n;
    if (this.#end !== undefined) return "the export goes on after its end";
    if (Buffer.byteLength(text) > MAX_LINE_BYTES) return "the line is too long";
    const line = parseLine(text);
    if (line === undefined) return "the line is not one that an export writes, to the byte";
    if (start === undefined) {
      this.#lines.update(text);
      return line.type === "start" ? this.#takeStart(line) : "the export does not begin with its start";
    }
    switch (line.type) {
      case "start":
        return "a second start stands within the export";
      case "entry":
        this.#lines.update(text);
        return this.#takeEntry(line, start);
      case "head":
        this.#lines.update(text);
        return this.#takeHead(line, start);
      case "end":
        return this.#takeEnd(line, start);
    }
  }

  result(): VerifiedExport | undefined {
    const [start, end] = [this.#start, this.#end];
    if (start === undefined || end === undefined) return undefined;
    return {
      ok: true,
      tenant: start.tenant,
      first: end.entries === 0 ? 0n : start.sequence + 1n,
      last: end.entries === 0 ? 0n : end.sequence,
      entries: BigInt(end.entries),
      signedHeads: this.#heads,
      publicKey: start.public_key,
      pinned: this.#pinned !== undefined,
      at: end.at,
    };
  }

  #takeStart(start: LineOf<"start">): string | undefined {
    if (this.#pinned !== undefined && start.public_key !== this.#pinned) {
      return `the start is signed by ${start.public_key}, not by ${this.#pinned}`;
    }
    if (!isGenuine(start.public_key, startStatement(start), start.signature)) {
      return "the signature of the start does not verify";
    }
    this.#start = start;
    this.#sequence = start.sequence;
    this.#hash = start.hash;
    return undefined;
  }

  #takeEntry(entry: LineOf<"entry">, { tenant }: LineOf<"start">): string | undefined {
    const expected = this.#sequence + 1n;
    if (entry.sequence !== expected) return `entry ${entry.sequence} stands where ${expected} belongs`;
    const hash = hashEntry(this.#hash, { ...entry, tenant });
    if (Buffer.compare(hash, entry.hash) !== 0) {
      return `entry ${expected} is altered, or does not follow the one before it: its hash does not match`;
    }
    this.#sequence = expected;
    this.#hash = hash;
    return undefined;
  }

  #takeHead(head: LineOf<"head">, start: LineOf<"start">): string | undefined {
    const statement = headStatement({ ...head, tenant: start.tenant });
    if (!isGenuine(start.public_key, statement, head.signature)) {
      this.suspect = undefined;
      return "the signature of the head does not verify";
    }
    this.#heads++;
    return this.#misplaced("head", head);
  }

  #takeEnd(end: LineOf<"end">, start: LineOf<"start">): string | undefined {
    const said = { ...end, tenant: start.tenant, entries: BigInt(end.entries), linesHash: end.lines_hash };
    if (!isGenuine(start.public_key, endStatement(said), end.signature)) {
      this.suspect = undefined;
      return "the signature of the end does not verify";
    }
    const misplaced = this.#misplaced("end", end);
    if (misplaced !== undefined) return misplaced;
    if (said.entries !== this.#sequence - start.sequence) return "the end counts other entries";
    if (Buffer.compare(this.#lines.digest(), end.lines_hash) !== 0) {
      this.suspect = undefined;
      return "lines between the entries are altered, missing or added";
    }
    this.#end = end;
    return undefined;
  }

  #misplaced(what: string, { sequence, hash }: LineOf<"head" | "end">): string | undefined {
    if (sequence !== this.#sequence) {
      return `the ${what} is that of entry ${sequence}, but the entries end at ${this.#sequence}`;
    }
    if (Buffer.compare(hash, this.#hash) === 0) return undefined;
    this.suspect = this.#sequence;
    return `the ${what} has another hash than entry ${sequence}`;
  }
}

/** False too for a key that is none. */
function isGenuine(publicKey: string, statement: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verifyStatement(publicKey, statement, signature);
  } catch {
    return false;
  }
}
