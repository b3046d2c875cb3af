/** Largest answer that is read, in bytes. A block with its chunks stays far below. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** What a node answered. */
export interface Posted {
  readonly status: number;
  /** Header Retry-After. */
  readonly retryAfter: string | null;
  readonly text: string;
}

/** An answer that is longer than `MAX_ANSWER_BYTES`. */
export class AnswerTooLargeError extends Error {
  override readonly name = "AnswerTooLargeError";
}

/**
 * Posts JSON and reads the answer, following no redirect. Throws AnswerTooLargeError, the signal's reason, and whatever else
 * keeps the answer away; the node may have acted all the same.
 */
export type Post = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
) => Promise<Posted>;

/** What a request carries. Names are lower-cased: one in another spelling would be sent beside ours. */
export function headersOf(own: Readonly<Record<string, string>>): Record<string, string> {
  const headers = Object.entries(own).map(([name, value]) => [name.toLowerCase(), value]);
  return { ...Object.fromEntries(headers), "content-type": "application/json" };
}
