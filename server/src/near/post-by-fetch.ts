import { AnswerTooLargeError, headersOf, MAX_ANSWER_BYTES, type Posted } from "./post.ts";

/** Post, where fetch is what there is. */
export async function postByFetch(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<Posted> {
  const response = await fetch(url, {
    method: "POST",
    headers: headersOf(headers),
    body,
    redirect: "manual",
    signal,
  });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new AnswerTooLargeError();
    chunks.push(chunk);
  }
  const { status } = response;
  const retryAfter = response.headers.get("retry-after");
  return { status, retryAfter, text: Buffer.concat(chunks).toString("utf8") };
}
