import { createReadStream } from "node:fs";
import { MAX_LINE_BYTES } from "./export-lines.ts";
import { type AlteredExport, type VerifiedExport, verifyExport } from "./verify.ts";

/** Checks an export in a file; see `verifyExport`. Rejects when the file cannot be read. */
export function verifyAuditFile(path: string, publicKey?: string): Promise<VerifiedExport | AlteredExport> {
  return verifyExport(linesOf(createReadStream(path)), publicKey);
}

/** What no line of an export is. */
const UNREADABLE = "\n";

/** The lines of a file, each with its line feed. A line that is too long is given up, with what follows it. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      yield textOf(rest.subarray(0, end + 1));
      rest = rest.subarray(end + 1);
    }
    if (rest.length > MAX_LINE_BYTES) break;
  }
  // What an export wrote ends with a line feed.
  if (rest.length > 0) yield UNREADABLE;
}

/** Bytes that are not UTF-8 would read as U+FFFD, which an entry may really hold. */
function textOf(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes) ? text : UNREADABLE;
}
