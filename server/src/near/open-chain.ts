import type { RelayConfig } from "../config/config.ts";
import type { Events } from "../observability/events.ts";
import { Head } from "./head.ts";
import { NearRpc } from "./near-rpc.ts";
import { NearTransactions } from "./transactions.ts";
import { NearViews } from "./views.ts";

export interface ChainOptions {
  readonly config: Pick<RelayConfig, "network" | "near">;
  readonly events: Pick<Events, "chainCallFailed">;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
}

/** NEAR as the relay reads it and sends to it. */
export interface Chain {
  readonly endpointCount: number;
  readonly views: NearViews;
  readonly transactions: NearTransactions;
  readonly head: Head;
}

/** Calls nobody yet. */
export function openChain({ config, events, random }: ChainOptions): Chain {
  const { endpoints, timeoutMs, retries } = config.near;
  const rpc = new NearRpc({
    endpoints: endpoints.map(({ url, headers }) => ({ url, headers: revealed(headers) })),
    ...{ timeoutMs, retries, random },
    onFailure: ({ endpoint, method, error }) =>
      events.chainCallFailed({ endpoint, method, kind: error.kind, error }),
  });
  const views = new NearViews(rpc);
  return {
    endpointCount: rpc.endpointCount,
    views,
    transactions: new NearTransactions(rpc),
    head: new Head(config.network, rpc, views, Date.now),
  };
}

function revealed(headers: RelayConfig["near"]["endpoints"][number]["headers"]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, secret]) => [name, secret.reveal()]));
}
