import type { Caller } from "@countersign/server/access/caller.ts";
import { createGate } from "@countersign/server/access/gate.ts";
import { type Gate, parseNetworks, reasonName } from "@countersign/service-kit";
import type { EdgeFoundation } from "./foundation.ts";

/**
 * The gate of a relay's public port. There are no API keys here, and the platform is the only proxy. With `addressCounted`,
 * the token of a call's address was taken before.
 */
export function publicGate(
  { config, limiter, events }: EdgeFoundation,
  authenticate: (headers: Headers) => Promise<Caller>,
  { addressCounted = false } = {},
): Gate {
  return createGate({
    ...{ authenticate, addressCounted },
    directory: config.directory,
    limiter,
    rates: config.rates,
    trustedProxies: parseNetworks([]),
    onRefused: ({ reason, ...call }) => events.accessRefused({ ...call, reason: reasonName(reason) }),
    onKeyUsed: () => undefined,
  });
}
