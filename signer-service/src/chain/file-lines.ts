import { createReadStream } from "node:fs";

/** What no line of an export is. */
const UNREADABLE = "\n";
const LINE_FEED = 10;

/**
 * The lines of a file, each with its line feed. One that is longer than `maxBytes`, that is not UTF-8 or that has no
 * line feed is given as one that no export writes; after one that is too long nothing follows. Rejects when the file
 * cannot be read.
 */
export async function* fileLines(path: string, maxBytes: number): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path)) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(LINE_FEED); end >= 0; end = rest.indexOf(LINE_FEED)) {
      yield textOf(rest.subarray(0, end + 1));
      rest = rest.subarray(end + 1);
    }
    if (rest.length > maxBytes) break;
  }
  if (rest.length > 0) yield UNREADABLE;
}

/** Bytes that are not UTF-8 would read as U+FFFD, which a text may really hold. */
function textOf(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes) ? text : UNREADABLE;
}
