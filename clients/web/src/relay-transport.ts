import type { Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { type CallHeaders, callHeaders } from "./call-headers.ts";
import type { RetryPolicy } from "./retry-policy.ts";

/** Deadline in milliseconds of a unary call that names none. */
export const DEFAULT_TIMEOUT_MS = 30_000;

/** Where the relay is and how to call it. */
export interface RelayClientOptions extends CallHeaders {
  /** For example "https://relay.example". */
  readonly baseUrl: string;
  /** Whether fetch sends cookies: "include" for a relay of another origin that takes them. */
  readonly credentials?: "include" | "same-origin" | "omit";
  /** Instead of the global fetch. */
  readonly fetch?: typeof globalThis.fetch;
  /** How messages are written; "binary" if absent. */
  readonly format?: "binary" | "json";
  /** Makes the protocol: Connect's if absent, or `createGrpcWebTransport`. */
  readonly transport?: (options: Parameters<typeof createConnectTransport>[0]) => Transport;
  /** What differs from 4 attempts, 200 ms for the first wait and 10 s for the longest. */
  readonly retry?: Partial<RetryPolicy>;
  /**
   * Deadline in milliseconds of a unary call that names none, over all of its attempts; also how long one stream of a
   * watch lasts. 30 s if absent, 0 for none. A relay refuses more than the max_deadline_ms of its GetRelayInfo.
   */
  readonly timeoutMs?: number;
}

/** Speaks to one relay, with the options' headers. It repeats nothing. */
export function relayTransport(options: RelayClientOptions): Transport {
  const { baseUrl, credentials, format, transport = createConnectTransport } = options;
  return transport({
    baseUrl,
    useBinaryFormat: format !== "json",
    interceptors: [callHeaders(options)],
    fetch: (url, init) => {
      const fetch = options.fetch ?? globalThis.fetch;
      return fetch(url, credentials === undefined ? init : { ...init, credentials });
    },
  });
}
