import type { RelayConfig } from "../config/config.ts";
import type { Events } from "../observability/events.ts";
import type { EndpointReport } from "./endpoint-health.ts";
import { Head } from "./head.ts";
import type { Near } from "./open-near.ts";
import { NearTransactions } from "./transactions.ts";
import type { NearViews } from "./views.ts";

export interface ChainOptions {
  readonly network: string;
  readonly near: Near;
  readonly config: Pick<RelayConfig["near"], "stallMs">;
  readonly events: Pick<Events, "chainStalled" | "chainMoves">;
}

/** NEAR as a relay that pays reads it and sends to it. */
export interface Chain {
  readonly endpointCount: number;
  /** Whether an endpoint is known to give no answers. */
  readonly isDown: (endpoint: number) => boolean;
  readonly views: NearViews;
  readonly transactions: NearTransactions;
  readonly head: Head;
  /** How the endpoints do, in the order of the configuration. */
  readonly endpoints: () => readonly EndpointReport[];
}

/** Calls nobody yet. */
export function openChain({ network, near: { rpc, views }, config, events }: ChainOptions): Chain {
  return {
    endpointCount: rpc.endpointCount,
    isDown: (endpoint) => rpc.endpoints.at(endpoint).isDown,
    views,
    transactions: new NearTransactions(rpc),
    head: new Head(network, rpc, views, Date.now, {
      afterMs: config.stallMs,
      onStalled: ({ height }) => events.chainStalled({ height }),
      onMoves: ({ height, stalledMs }) => events.chainMoves({ height, seconds: stalledMs / 1000 }),
    }),
    endpoints: () => rpc.endpoints.reports(),
  };
}
