/** Joins lines to pieces of at most `maxBytes`; a line that is longer is a piece of its own. */
export async function* inChunks(lines: AsyncIterable<string>, maxBytes: number): AsyncGenerator<string> {
  let chunk = "";
  let bytes = 0;
  for await (const line of lines) {
    const size = Buffer.byteLength(line);
    if (bytes > 0 && bytes + size > maxBytes) {
      yield chunk;
      chunk = "";
      bytes = 0;
    }
    chunk += line;
    bytes += size;
  }
  if (bytes > 0) yield chunk;
}
