import { createHash } from "node:crypto";
import type { z } from "zod";
import { NO_HASH, toHex } from "./hash-text.ts";
import type { end as endLine } from "./line-format.ts";

/** Where and why an export is not as it was written. */
export interface AlteredExport {
  readonly ok: false;
  /** 1 for the first. */
  readonly line: number;
  readonly problem: string;
}

/**
 * Reads an export to its end, or to the first line in which `check` or the format sees something wrong. Lines come with
 * their line feed; each that is well goes to `take`.
 */
export async function checkLines<Line>(
  lines: AsyncIterable<string>,
  { maxBytes, parse }: { readonly maxBytes: number; readonly parse: (line: string) => Line | undefined },
  check: (line: Line, text: string) => string | undefined,
  take: (line: Line) => Promise<void> = async () => {},
): Promise<AlteredExport | { readonly ok: true; readonly lines: number }> {
  let number = 0;
  for await (const text of lines) {
    number++;
    const line = Buffer.byteLength(text) > maxBytes ? undefined : parse(text);
    const problem =
      line === undefined ? "the line is not one that an export writes, to the byte" : check(line, text);
    if (problem !== undefined) return { ok: false, line: number, problem };
    if (line !== undefined) await take(line);
  }
  return { ok: true, lines: number };
}

/** What is wrong with an export of so many lines that has no end. */
export function cutOff(lines: number): AlteredExport {
  return { ok: false, line: lines + 1, problem: "the export is cut off: its end is missing" };
}

/**
 * What holds for an export of any chain: a start, entries that follow each other, an end that knows all lines. Each
 * method answers a sentence when something is wrong.
 */
export class ChainVerifier {
  #started = false;
  #ended = false;
  #sequence = 0n;
  #hash: Uint8Array = NO_HASH;
  readonly #lines = createHash("sha256");

  /** How many entries there were. */
  get entries(): bigint {
    return this.#sequence;
  }

  /** The last entry's hash in hexadecimal digits; zeros without one. */
  get headHash(): string {
    return toHex(this.#hash);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** For every line, before what its type asks for. */
  line(type: string, text: string): string | undefined {
    if (this.#ended) return "the export goes on after its end";
    if (this.#started === (type === "start")) {
      return this.#started
        ? "a second start stands within the export"
        : "the export does not begin with its start";
    }
    this.#started = true;
    if (type !== "end") this.#lines.update(text);
    return undefined;
  }

  /** `hashAfter` is the entry's hash after that of the entry before it. */
  entry(
    entry: { readonly sequence: bigint; readonly hash: string },
    hashAfter: (previous: Uint8Array) => Uint8Array,
  ): string | undefined {
    const expected = this.#sequence + 1n;
    if (entry.sequence !== expected) return `entry ${entry.sequence} stands where ${expected} belongs`;
    const hash = hashAfter(this.#hash);
    if (toHex(hash) !== entry.hash) {
      return `entry ${expected} is altered, or does not follow the one before it: its hash does not match`;
    }
    this.#sequence = expected;
    this.#hash = hash;
    return undefined;
  }

  end(end: z.output<typeof endLine>): string | undefined {
    if (end.entries !== this.#sequence) return "the end counts other entries";
    if (end.hash !== this.headHash) return "the end has another hash than the last entry";
    if (end.linesHash !== this.#lines.digest("hex"))
      return "lines before the end are altered, missing or added";
    this.#ended = true;
    return undefined;
  }
}
