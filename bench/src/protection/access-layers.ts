import { createHandlerContext } from "@connectrpc/connect";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { createAuthenticator } from "@countersign/server/access/authenticator.ts";
import { createGate } from "@countersign/server/access/gate.ts";
import { KeyUses } from "@countersign/server/access/key-uses.ts";
import { TokenAuthenticator } from "@countersign/server/access/token-authenticator.ts";
import { DEFAULT_KEY_FETCHING } from "@countersign/server/access/token-keys.ts";
import { MemoryRateLimiter } from "@countersign/server/shared-state/memory-rate-limiter.ts";
import type { RateLimiter } from "@countersign/server/shared-state/rate-limiter.ts";
import { RedisRateLimiter } from "@countersign/server/shared-state/redis-rate-limiter.ts";
import { parseNetworks, Secret } from "@countersign/service-kit";
import type { Layer } from "./layer.ts";
import type { Tenants } from "./tenant.ts";

/** Never reached: what is measured are calls that are let in. */
const FAST = { perSecond: 100_000, burst: 1_000_000 };
const RATES = {
  ...{ ip: FAST, failedAuth: FAST, tenant: FAST, key: FAST, user: FAST, method: FAST },
  ...{ signIn: FAST, signInBegin: FAST, signInTenant: FAST, lock: FAST },
};
/** Calls that wait for Redis at a time, as they do in a busy relay: ioredis sends them together. */
const REDIS_CONCURRENCY = 32;

export interface AccessLayers {
  readonly apiKey: Layer;
  readonly token: Layer;
  readonly gateWithKey: Layer;
  readonly gateWithToken: Layer;
  /** Undefined without a Redis. */
  readonly gateWithRedis: Layer | undefined;
}

/** Who is calling, and whether the call may come in. `calls` of a round are for the cheapest. */
export function accessLayers(
  tenants: Tenants,
  redisUrl: string | undefined,
  calls: number,
  now: () => Date,
): AccessLayers {
  const authenticate = authenticatorOf(tenants, now);
  const withKey = { authorization: `Bearer ${tenants.apiKey}` };
  const withToken = { authorization: `Bearer ${tenants.token}` };
  const keyHeaders = new Headers(withKey);
  const tokenHeaders = new Headers(withToken);
  const one = { concurrency: 1, calls };
  const memory = new MemoryRateLimiter(() => now().getTime());
  const gate = { tenants, authenticate, now };
  const gated = "address, credentials, tenant, scope, origin, pauses and rates";
  return {
    apiKey: {
      ...one,
      name: "API key",
      includes: "reading the header, HMAC-SHA256, the directory",
      call: () => authenticate(keyHeaders),
    },
    token: {
      ...one,
      name: "JWT, ES256",
      includes: "reading the header, the signature by an inline key set, the claims, the directory",
      calls: Math.ceil(calls / 4),
      call: () => authenticate(tokenHeaders),
    },
    gateWithKey: {
      ...one,
      name: "gate, API key, rates in process",
      includes: `${gated} (4 buckets)`,
      call: gateCall({ ...gate, limiter: memory }, withKey),
    },
    gateWithToken: {
      ...one,
      name: "gate, JWT, rates in process",
      includes: `${gated} (4 buckets)`,
      calls: Math.ceil(calls / 4),
      call: gateCall({ ...gate, limiter: memory }, withToken),
    },
    gateWithRedis: redisUrl === undefined ? undefined : redisLayer(redisUrl, gate, withKey, calls),
  };
}

type Authenticate = ReturnType<typeof createAuthenticator>;

interface GateParts {
  readonly tenants: Tenants;
  readonly authenticate: Authenticate;
  readonly now: () => Date;
}

function redisLayer(
  url: string,
  gate: GateParts,
  headers: Readonly<Record<string, string>>,
  calls: number,
): Layer {
  const limiter = new RedisRateLimiter({ url: new Secret(url), timeoutMs: 250 });
  return {
    name: "gate, API key, rates in Redis",
    includes: "the same; two round trips, without the server's own CPU time",
    concurrency: REDIS_CONCURRENCY,
    calls: Math.ceil(calls / 4),
    call: gateCall({ ...gate, limiter }, headers),
    close: () => limiter.close(),
  };
}

function authenticatorOf({ directory, hasher }: Tenants, now: () => Date): Authenticate {
  const tokens = new TokenAuthenticator({
    directory,
    fetching: DEFAULT_KEY_FETCHING,
    now,
    onUnavailable: (_, error) => {
      throw error;
    },
  });
  return createAuthenticator({ directory, hasher, tokens, custom: [], now });
}

/** A call of SubmitDelegate up to its body, with headers of its own. */
function gateCall(
  { tenants: { directory }, authenticate, now, limiter }: GateParts & { readonly limiter: RateLimiter },
  requestHeader: Readonly<Record<string, string>>,
): () => Promise<void> {
  const uses = new KeyUses({
    store: { touchApiKeys: async () => undefined },
    now,
    onFailed: () => undefined,
  });
  const gate = createGate({
    authenticate,
    directory,
    limiter,
    rates: RATES,
    trustedProxies: parseNetworks([]),
    onRefused: ({ reason }) => {
      throw new Error(`refused with ${reason}`);
    },
    onKeyUsed: (id) => uses.note(id),
  });
  return () =>
    gate(
      createHandlerContext({
        service: RelayService,
        method: RelayService.method.submitDelegate,
        protocolName: "connect",
        requestMethod: "POST",
        url: "http://relay.example/countersign.relay.v1.RelayService/SubmitDelegate",
        requestHeader,
      }),
    );
}
