import { type CallOptions, type Client, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { type CallHeaders, callHeaders } from "./call-headers.ts";
import { type Clock, systemClock } from "./clock.ts";
import { DEFAULT_RETRY, type RetryPolicy } from "./retry-policy.ts";
import { retrying } from "./retrying-transport.ts";
import { resumingWatch } from "./watch-submission.ts";

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

/**
 * The relay's methods. All throw `CountersignError`; all take an AbortSignal.
 *
 * - Unary calls are repeated after transient errors.
 * - `submitDelegate` and `createAccount` get an idempotency key, the same for all attempts of one call, unless the
 *   caller gives one in the message or in header Idempotency-Key.
 * - `watchSubmission` goes on by its cursor when its stream is lost.
 */
export type RelayClient = Client<typeof RelayService>;

/** A client of one relay. Opens no connection until a method is called. */
export function createRelayClient(options: RelayClientOptions): RelayClient {
  return relayClientWith(options, systemClock);
}

/** `createRelayClient` with a clock of the caller's. */
export function relayClientWith(options: RelayClientOptions, clock: Clock): RelayClient {
  const { baseUrl, credentials, format, transport = createConnectTransport, timeoutMs = 30_000 } = options;
  const policy = { ...DEFAULT_RETRY, ...options.retry };
  const wire = transport({
    baseUrl,
    useBinaryFormat: format !== "json",
    interceptors: [callHeaders(options)],
    fetch: (url, init) => {
      const fetch = options.fetch ?? globalThis.fetch;
      return fetch(url, credentials === undefined ? init : { ...init, credentials });
    },
  });
  const client = createClient(RelayService, retrying(wire, policy, timeoutMs, clock));
  return {
    ...client,
    submitDelegate: (request, call) => client.submitDelegate(withKey(request, call), call),
    createAccount: (request, call) => client.createAccount(withKey(request, call), call),
    watchSubmission: resumingWatch(client.watchSubmission, policy, timeoutMs, clock),
  };
}

function withKey<T extends { idempotencyKey?: string }>(request: T, call: CallOptions | undefined): T {
  if (request.idempotencyKey || new Headers(call?.headers).has("idempotency-key")) return request;
  return { ...request, idempotencyKey: crypto.randomUUID() };
}
