import type { RelayClientOptions } from "../relay-transport.ts";
import type { ViewAccessKey } from "../wallet/view-access-key.ts";

/**
 * A further relay: its address, where everything else is as at the first one, which means that it is sent the same
 * credentials; or how to call it.
 */
export type RelayPeer = string | Omit<RelayClientOptions, "retry" | "timeoutMs">;

/** Relays that may take on a submission which the first one can neither be given nor asked about. */
export interface Federation {
  /** In the order in which they are tried. Each accepts the credentials that it is sent, for the same network. */
  readonly peers: readonly RelayPeer[];
  /** Asked whether the submission landed before it is given to the next relay: `nearRpc(url)`, of that network. */
  readonly near: ViewAccessKey;
}

/** A federation, or nothing of one: peers are of no use to who cannot ask the chain. */
export type MaybeFederation = Federation | { readonly peers?: undefined };

/** How to call the peer. */
export function peerOptions(first: RelayClientOptions, peer: RelayPeer): RelayClientOptions {
  return typeof peer === "string" ? { ...first, baseUrl: peer } : peer;
}
