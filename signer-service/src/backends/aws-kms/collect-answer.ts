/** Far more than any answer to DescribeKey, GetPublicKey or Sign. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** The whole body of an answer, for the SDK, which would read one of any length. */
export async function collectAnswer(body: unknown): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error("an answer of more than 64 KiB");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
