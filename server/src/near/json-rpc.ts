import { retryAfterMs } from "@countersign/service-kit";
import * as z from "zod";
import { ChainError } from "./chain-error.ts";
import { AnswerTooLargeError, type Post } from "./post.ts";

/** One NEAR JSON-RPC endpoint. `headers` may hold an API key, so they are never logged. */
export interface Endpoint {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Longest word of a node's that is kept, in characters: it may come to the log. */
const MAX_WORD = 256;
const word = z
  .string()
  .transform((text) => text.slice(0, MAX_WORD))
  .optional()
  .catch(undefined);
const errorBody = z
  .object({
    message: word,
    data: z.unknown().optional(),
    cause: z.object({ name: word, info: z.unknown().optional() }).optional().catch(undefined),
  })
  .catch({ message: undefined, data: undefined });

/**
 * What a JSON-RPC error says, as NEAR structures it (https://docs.near.org/api/rpc/errors). What has another shape is left
 * out.
 */
export type RpcErrorBody = z.output<typeof errorBody>;

const TIMED_OUT = new Error("timed out");

/** The endpoint answered with a JSON-RPC error. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly body: RpcErrorBody;

  constructor(body: RpcErrorBody) {
    super(body.cause?.name ?? body.message ?? "JSON-RPC error");
    this.body = body;
  }
}

/**
 * Makes one JSON-RPC call to one endpoint and gives its `result`.
 *
 * @throws RpcError when the node answers with an error
 * @throws ChainError "timeout" after `timeoutMs`, "rate-limited" for HTTP 429, "unavailable" for anything
 *   else that is not a JSON-RPC answer. After each of them the node may or may not have acted.
 */
export async function callEndpoint(
  post: Post,
  endpoint: Endpoint,
  method: string,
  params: unknown,
  options: { timeoutMs: number; signal?: AbortSignal | undefined },
): Promise<unknown> {
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(TIMED_OUT), options.timeoutMs);
  const onAbort = () => ending.abort(options.signal?.reason);
  if (options.signal?.aborted) onAbort();
  options.signal?.addEventListener("abort", onAbort, { once: true });
  let answer: { error?: unknown; result?: unknown };
  try {
    const request = JSON.stringify({ jsonrpc: "2.0", id: "countersign", method, params });
    const { status, retryAfter, text } = await post(endpoint.url, endpoint.headers, request, ending.signal);
    if (status === 429 || status === 503) {
      const wait = retryAfterMs(retryAfter, new Date());
      if (status === 429 || wait !== undefined) {
        const kind = status === 429 ? "rate-limited" : "unavailable";
        throw new ChainError(kind, `the node answered HTTP ${status}`, { retryAfterMs: wait });
      }
    }
    if (status >= 300 && status < 400) {
      throw new ChainError("unavailable", "the node answered with a redirect");
    }
    answer = parseAnswer(text, status);
  } catch (error) {
    if (error instanceof ChainError) throw error;
    if (error instanceof AnswerTooLargeError) {
      throw new ChainError("unavailable", "the node's answer is too large");
    }
    if (ending.signal.reason === TIMED_OUT) {
      throw new ChainError("timeout", `no answer within ${options.timeoutMs} ms`);
    }
    options.signal?.throwIfAborted();
    throw new ChainError("unavailable", "the node could not be reached", { cause: error });
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", onAbort);
  }
  if (isError(answer)) throw new RpcError(errorBody.parse(answer.error));
  return answer.result;
}

/** Some servers write `"error": null` beside a result. */
function isError({ error, result }: { error?: unknown; result?: unknown }): boolean {
  return error !== undefined && (error !== null || result === undefined);
}

function parseAnswer(text: string, status: number): { error?: unknown; result?: unknown } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new ChainError("unavailable", `the node answered HTTP ${status} without JSON`);
  }
  if (typeof parsed !== "object" || parsed === null || !("result" in parsed || "error" in parsed)) {
    throw new ChainError("unavailable", `the node answered HTTP ${status} without a JSON-RPC answer`);
  }
  return parsed;
}
