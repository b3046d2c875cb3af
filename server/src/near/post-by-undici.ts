import { Agent } from "undici";
import { AnswerTooLargeError, headersOf, MAX_ANSWER_BYTES, type Posted } from "./post.ts";

/**
 * How long an idle connection is kept, in milliseconds: less than common servers keep theirs, so that none closes one
 * that is just being used.
 */
const MAX_IDLE_MS = 4_000;
/** The signal ends a call, and nothing else once it is connected; for that undici gives it ten seconds. */
const agent = new Agent({
  keepAliveTimeout: MAX_IDLE_MS,
  keepAliveMaxTimeout: MAX_IDLE_MS,
  headersTimeout: 0,
  bodyTimeout: 0,
});

/** Post, with undici's own interface, which takes less CPU time than Node's http, and much less than fetch. */
export function postByUndici(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<Posted> {
  if (signal.aborted) return Promise.reject(signal.reason);
  const { origin, pathname, search } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<Posted>();
  const chunks: Buffer[] = [];
  let size = 0;
  let status = 0;
  let retryAfter: string | null = null;
  let end = () => reject(signal.reason);
  const onAbort = () => end();
  signal.addEventListener("abort", onAbort, { once: true });
  agent.dispatch(
    {
      origin,
      path: pathname + search,
      method: "POST",
      headers: headersOf(headers),
      body,
    },
    {
      onRequestStart: (call) => {
        end = () => call.abort(signal.reason);
        if (signal.aborted) end();
      },
      onResponseStart: (_call, statusCode, answered) => {
        status = statusCode;
        const after = answered["retry-after"];
        retryAfter = typeof after === "string" ? after : null;
      },
      onResponseData: (call, chunk) => {
        size += chunk.length;
        if (size > MAX_ANSWER_BYTES) call.abort(new AnswerTooLargeError());
        else chunks.push(chunk);
      },
      onResponseEnd: () => {
        signal.removeEventListener("abort", onAbort);
        resolve({ status, retryAfter, text: Buffer.concat(chunks).toString("utf8") });
      },
      onResponseError: (_call, error) => {
        signal.removeEventListener("abort", onAbort);
        reject(error);
      },
    },
  );
  return promise;
}
