import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import { universalResponseToNodeResponse } from "@connectrpc/connect-node";
import type { NodeResponse } from "./http-engines.ts";

/**
 * Writes an answer. One of a single message goes in one piece, unless its protocol ends it with trailers: node:http2's
 * compatible responses ask for trailers once all else has left, and end a turn of the event loop later even without any, for
 * which the caller waits.
 */
export async function writeAnswer(
  answer: UniversalServerResponse,
  response: NodeResponse,
  isOneMessage: boolean,
): Promise<void> {
  if (response.req.method === "HEAD") {
    // Has no body, and over HTTP/2 no `close` either unless the compatible response is ended.
    response.statusCode = answer.status;
    for (const [name, value] of Object.entries(nodeHeaders(answer.header))) response.setHeader(name, value);
    response.end();
    return;
  }
  if (!isOneMessage || answer.trailer !== undefined) return universalResponseToNodeResponse(answer, response);
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body ?? []) chunks.push(chunk);
  const [first = new Uint8Array(), ...others] = chunks;
  const body = others.length === 0 ? first : Buffer.concat(chunks);
  const headers = nodeHeaders(answer.header);
  if (!("stream" in response)) {
    response.writeHead(answer.status, headers);
    response.end(body);
    return;
  }
  const { stream } = response;
  stream.respond({ ":status": answer.status, ...response.getHeaders(), ...headers });
  stream.end(body);
}

/** The only name that may stand there several times is that of cookies. */
function nodeHeaders(header: UniversalServerResponse["header"]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = Object.fromEntries(header ?? []);
  const cookies = header?.getSetCookie() ?? [];
  if (cookies.length > 0) headers["set-cookie"] = cookies;
  return headers;
}
