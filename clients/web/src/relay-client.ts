import { type CallOptions, type Client, createClient, type Transport } from "@connectrpc/connect";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { type Clock, systemClock } from "./clock.ts";
import { DEFAULT_TIMEOUT_MS, type RelayClientOptions, relayTransport } from "./relay-transport.ts";
import { DEFAULT_RETRY } from "./retry-policy.ts";
import { retrying } from "./retrying-transport.ts";
import { federatedClient } from "./submissions/federated-client.ts";
import { type MaybeFederation, peerOptions } from "./submissions/federation.ts";
import type { FederatedRelay } from "./submissions/submit-with-failover.ts";
import type { ViewAccessKey } from "./wallet/view-access-key.ts";
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

type Waiting = Pick<RelayClientOptions, "retry" | "timeoutMs">;

/**
 * A client of one relay, or of one with `peers`, which take on submissions that it cannot be given
 * (`submitWithFailover`). Opens no connection until a method is called.
 */
export function createRelayClient(options: RelayClientOptions & MaybeFederation): RelayClient {
  return relayClientWith(options, systemClock);
}

/** `createRelayClient` with a clock of the caller's. */
export function relayClientWith(options: RelayClientOptions & MaybeFederation, clock: Clock): RelayClient {
  const wire = relayTransport(options);
  if (options.peers === undefined) return relayClientOver(wire, options, clock);
  if (options.near === undefined)
    throw new TypeError("peers need `near`: the chain is asked before they are");
  const peers = options.peers.map((peer) => relayTransport(peerOptions(options, peer)));
  return federatedClientOver(wire, peers, options.near, options, clock);
}

/** The client over a transport of the caller's, which repeats nothing itself. */
function relayClientOver(
  wire: Transport,
  { retry, timeoutMs = DEFAULT_TIMEOUT_MS }: Waiting,
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

/** The client over the transports of a relay and its peers, which repeat nothing themselves. */
export function federatedClientOver(
  wire: Transport,
  peers: readonly Transport[],
  near: ViewAccessKey,
  waiting: Waiting,
  clock: Clock,
): RelayClient {
  if (peers.length === 0) return relayClientOver(wire, waiting, clock);
  const relay = (over: Transport): FederatedRelay => ({
    client: relayClientOver(over, waiting, clock),
    once: relayClientOver(over, { ...waiting, retry: { attempts: 1 } }, clock),
  });
  return federatedClient([relay(wire), ...peers.map(relay)], near, withKey);
}

function withKey<T extends { idempotencyKey?: string }>(request: T, call: CallOptions | undefined): T {
  if (request.idempotencyKey || new Headers(call?.headers).has("idempotency-key")) return request;
  return { ...request, idempotencyKey: crypto.randomUUID() };
}
