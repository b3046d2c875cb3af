import { createHash } from "node:crypto";
import { Code, ConnectError, type ContextValues, createContextKey } from "@connectrpc/connect";
import { requestIdKey } from "./call-context.ts";
import { toConnectError } from "./connect-errors.ts";

/** Looks at the SHA-256 of a request's body as it came in, and throws a DomainError if it is not what was expected. */
export type BodyCheck = (sha256: Buffer) => void;

/**
 * A gate sets it for calls whose body must be whole and unaltered. Then no message of the call is read before all of
 * its body is there and was looked at, so that it cannot be a stream that goes on.
 */
export const bodyCheckKey = createContextKey<BodyCheck | undefined>(undefined, {
  description: "check of the request's body",
});

/** Each message of a stream stands in an envelope of five bytes; more than a few messages are not signed together. */
const ENVELOPES_BYTES = 1024;

/**
 * The body of a request, checked as the gate asked for. It is read after the gate has let the call in. Fails with
 * REQUEST_TOO_LARGE when a body that is to be checked is larger than `maxBytes` and its envelopes.
 */
export async function* checkedBody(
  body: AsyncIterable<Uint8Array>,
  values: ContextValues,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  const check = values.get(bodyCheckKey);
  if (check === undefined) return yield* body;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes + ENVELOPES_BYTES) {
      throw new ConnectError(`the body is larger than ${maxBytes} bytes`, Code.ResourceExhausted);
    }
  }
  const whole = Buffer.concat(chunks, bytes);
  try {
    check(createHash("sha256").update(whole).digest());
  } catch (error) {
    throw toConnectError(error, values.get(requestIdKey));
  }
  yield whole;
}
