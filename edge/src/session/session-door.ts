import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { CallRates } from "@countersign/server/access/call-rates.ts";
import type { Bucket, RateLimiter } from "@countersign/server/shared-state/rate-limiter.ts";
import { clientAddress, DomainError, parseNetworks, serveSome } from "@countersign/service-kit";
import { publicGate } from "../access.ts";
import { only } from "../bindings.ts";
import type { EdgeFoundation } from "../foundation.ts";
import { peerAddress } from "../peer-address.ts";
import { serveEdge } from "../serve-edge.ts";

/** What the sessions' Durable Object answers. */
const PATHS = /^\/(countersign\.session\.v1\.|auth\/|\.well-known\/jwks\.json$)/;
const RATE_HEADERS = ["RateLimit-Policy", "RateLimit"];
const NO_PROXIES = parseNetworks([]);

/** Whether the sessions' object answers the request. A preflight is the same for all services. */
export function isForSessions(path: string, { method }: Request): boolean {
  return PATHS.test(path) && method !== "OPTIONS";
}

/**
 * Stands before the only object of all sessions: takes the token of a request's address, which is not taken there again, and
 * lets it through, or refuses it here.
 */
export function sessionDoor(foundation: EdgeFoundation): (request: Request) => Promise<Response> {
  const { bindings, config, limiter } = foundation;
  const refuse = refusals(foundation);
  return async (request) => {
    const peer = { address: peerAddress(request.headers) };
    const address = clientAddress({
      ...{ peer: peer.address, forwardedFor: undefined, trustedProxies: NO_PROXIES },
    });
    const told = new Headers();
    try {
      await new CallRates(limiter, config.rates, address, told).forAddress();
    } catch (error) {
      if (error instanceof DomainError) return refuse(request, peer);
      throw error;
    }
    const answer = await only(bindings.SESSIONS).fetch(request);
    const changeable = new Response(answer.body, answer);
    for (const name of RATE_HEADERS) {
      const levels = [told.get(name), answer.headers.get(name)].filter((level) => level !== null);
      changeable.headers.set(name, levels.join(", "));
    }
    return changeable;
  };
}

/** Takes no token of an address: the door has taken it. */
export function behindDoor(limiter: RateLimiter): RateLimiter {
  return {
    take(buckets, tokens) {
      const [first, ...others] = buckets.filter(({ name }) => name !== "ip");
      return limiter.take(first === undefined ? buckets : [first, ...others], tokens);
    },
    close: () => limiter.close(),
  };
}

/** Refuses each request in its caller's protocol, with RATE_LIMITED. */
function refusals(foundation: EdgeFoundation) {
  const limiter: RateLimiter = { take: async ([bucket]) => emptied(bucket), close: async () => undefined };
  return serveEdge({
    foundation,
    services: [serveSome(SessionService, {})],
    filters: [],
    gate: publicGate({ ...foundation, limiter }, () => Promise.reject(new Error("nobody comes this far"))),
    interceptors: [],
  });
}

/** An empty bucket has a token again after this time at most. */
function emptied({ name, rate: { burst, perSecond } }: Bucket) {
  const tightest = { name, limit: burst, remaining: 0, resetMs: (burst / perSecond) * 1000 };
  return { refusal: { name, retryAfterMs: 1000 / perSecond }, tightest };
}
