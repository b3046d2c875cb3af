import type { IncomingHttpHeaders } from "node:http2";

/** A request as a filter sees it, on every platform that serves. */
export interface FilteredRequest {
  readonly method?: string | undefined;
  /** Path and query. */
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** The other end of the connection. */
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** An answer as a filter writes it. */
export interface FilteredResponse {
  statusCode: number;
  readonly headersSent: boolean;
  setHeader(name: string, value: string): unknown;
  end(body: string): unknown;
}

/** Looks at a request before any RPC does; true when it answers it, now or later. */
export type HttpFilter = (request: FilteredRequest, response: FilteredResponse) => boolean;
