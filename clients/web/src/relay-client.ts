import { type CallOptions, type Client, createClient, type Transport } from "@connectrpc/connect";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { type Clock, systemClock } from "./clock.ts";
import { DEFAULT_TIMEOUT_MS, type RelayClientOptions, relayTransport } from "./relay-transport.ts";
import { DEFAULT_RETRY } from "./retry-policy.ts";
import { retrying } from "./retrying-transport.ts";
import { resumingWatch } from "./watch-submission.ts";

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
  return relayClientOver(relayTransport(options), options, clock);
}

/** The client over a transport of the caller's, which repeats nothing itself. */
export function relayClientOver(
  wire: Transport,
  { retry, timeoutMs = DEFAULT_TIMEOUT_MS }: Pick<RelayClientOptions, "retry" | "timeoutMs">,
  clock: Clock,
): RelayClient {
  const policy = { ...DEFAULT_RETRY, ...retry };
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
