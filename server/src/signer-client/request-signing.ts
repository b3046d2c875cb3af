import { Code, ConnectError } from "@connectrpc/connect";
import type { UniversalClientFn } from "@connectrpc/connect/protocol";
import { type RequestKey, signatureHeaders } from "@countersign/service-kit";

export interface RequestSigningOptions {
  readonly key: RequestKey;
  /** The name of the service that the requests are for, as it knows itself. */
  readonly audience: string;
  /** Requests are held in memory to be hashed; a larger one fails. Bytes. */
  readonly maxBytes: number;
  readonly now: () => Date;
  readonly randomBytes: (length: number) => Uint8Array;
}

/**
 * An HTTP client that signs each request over its whole body. It knows no streams of requests: nothing leaves before
 * the last message is there.
 */
export function signingHttpClient(
  inner: UniversalClientFn,
  options: RequestSigningOptions,
): UniversalClientFn {
  const { key, audience, maxBytes, now, randomBytes } = options;
  return async (request) => {
    const body = request.body === undefined ? Buffer.alloc(0) : await wholeBody(request.body, maxBytes);
    const toSign = {
      url: request.url,
      audience,
      body,
      timestampMs: now().getTime(),
      nonce: randomBytes(16),
    };
    const header = new Headers(request.header);
    for (const [name, value] of Object.entries(signatureHeaders(key, toSign))) header.set(name, value);
    return inner({ ...request, header, ...(request.body === undefined ? {} : { body: once(body) }) });
  };
}

async function wholeBody(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) throw new ConnectError("the request is too large to sign", Code.ResourceExhausted);
  }
  return Buffer.concat(chunks, bytes);
}

async function* once(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}
