import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { ResolveHost } from "./resolve-host.ts";
import { hostOf } from "./webhook-url.ts";

/** Of an answer's body nothing is used; this many bytes are taken, so that the receiver can finish. */
const MAX_BODY = 16_384;
const MAX_HEADER = 16_384;

/** An answer to a POST. */
export interface PostAnswer {
  readonly status: number;
  /** Header Retry-After. */
  readonly retryAfter: string | undefined;
}

/** No answer came. The message tells why, in words that the receiver's operator may read. */
export class PostError extends Error {
  override readonly name = "PostError";
}

export interface PostOptions {
  readonly resolve: ResolveHost;
  readonly isAllowed: (address: string) => boolean;
  /** Authorities of receivers' certificates (PEM), instead of those that Node knows. */
  readonly ca?: string | undefined;
  /** Bounds everything: resolving, connecting, the answer and its body. */
  readonly signal: AbortSignal;
}

/**
 * Posts to the addresses that the host's name has now, if every one of them may be called, and to no others: the name is
 * resolved once, and the connection is made to what was looked at. Follows no redirects, uses no proxy and no connection
 * twice. Throws PostError.
 */
export async function postPinned(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
  options: PostOptions,
): Promise<PostAnswer> {
  const { signal } = options;
  try {
    const addresses = await allowedAddresses(hostOf(url), options);
    return await post(url, headers, Buffer.from(body), addresses, options);
  } catch (error) {
    if (error instanceof PostError) throw error;
    if (signal.aborted) throw new PostError("no answer came in time", { cause: error });
    throw new PostError(wordsOf(error), { cause: error });
  }
}

async function allowedAddresses(
  host: string,
  { resolve, isAllowed, signal }: PostOptions,
): Promise<readonly string[]> {
  const addresses = isIP(host) === 0 ? await resolve(host, signal) : [host];
  if (addresses.length === 0) throw new PostError("its name has no address");
  // One that may not be called is reason enough: who answers so is not to be trusted with the others.
  if (!addresses.every(isAllowed)) throw new PostError("its address is not public");
  return addresses;
}

function post(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
  addresses: readonly string[],
  { ca, signal }: PostOptions,
): Promise<PostAnswer> {
  const secure = url.protocol === "https:";
  // Agents of our own: Node's global ones may go through the environment's proxies.
  const agent = secure ? new HttpsAgent({ keepAlive: false }) : new HttpAgent({ keepAlive: false });
  const { promise, resolve, reject } = Promise.withResolvers<PostAnswer>();
  const request = (secure ? requestHttps : requestHttp)(url, {
    method: "POST",
    headers: { ...headers, "content-length": String(body.length) },
    agent,
    lookup: pinnedTo(addresses),
    maxHeaderSize: MAX_HEADER,
    signal,
    ...(ca === undefined ? {} : { ca }),
  });
  request.on("error", reject);
  request.on("response", (response) => {
    const answer = {
      status: response.statusCode ?? 0,
      retryAfter: response.headers["retry-after"],
    };
    // The status counts, however its body ends.
    request.off("error", reject).on("error", () => resolve(answer));
    response.on("error", () => undefined);
    response.on("close", () => resolve(answer));
    takeSome(response);
  });
  request.end(body);
  return promise.finally(() => agent.destroy());
}

function takeSome(response: IncomingMessage): void {
  let taken = 0;
  response.on("data", (chunk: Buffer) => {
    taken += chunk.length;
    if (taken > MAX_BODY) response.destroy();
  });
}

/** Answers with these addresses, whatever the name is. */
function pinnedTo(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_name, { all }, callback) => {
    if (all) callback(null, [...found]);
    else callback(null, found[0]?.address ?? "", found[0]?.family ?? 0);
  };
}

/** Of several addresses each may have failed for its own reason. */
function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return wordsOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
