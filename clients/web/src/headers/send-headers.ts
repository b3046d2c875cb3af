import type { HeaderMap } from "./wallet-headers.ts";

/** What is looked at of a request: `IncomingMessage` of Node has it. */
export interface RequestLike {
  readonly url?: string | undefined;
  readonly headers: { readonly host?: string | undefined };
}

/** `ServerResponse` of Node has it. */
export interface ResponseLike {
  setHeader(name: string, value: string): unknown;
}

/** The same for all requests, or chosen for each: by tenant, as its path or its host name says. */
export type HeadersFor = HeaderMap | ((request: RequestLike) => HeaderMap);

/** Sets the headers of an answer, as a step of its own or a middleware of Connect and Express. */
export function sendHeaders(
  headers: HeadersFor,
): (request: RequestLike, response: ResponseLike, next?: () => void) => void {
  const of = typeof headers === "function" ? headers : () => headers;
  return (request, response, next) => {
    for (const [name, value] of Object.entries(of(request))) response.setHeader(name, value);
    next?.();
  };
}
