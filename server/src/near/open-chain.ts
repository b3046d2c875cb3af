import { Head } from "./head.ts";
import type { Near } from "./open-near.ts";
import { NearTransactions } from "./transactions.ts";
import type { NearViews } from "./views.ts";

/** NEAR as a relay that pays reads it and sends to it. */
export interface Chain {
  readonly endpointCount: number;
  readonly views: NearViews;
  readonly transactions: NearTransactions;
  readonly head: Head;
}

/** Calls nobody yet. */
export function openChain(network: string, { rpc, views }: Near): Chain {
  return {
    endpointCount: rpc.endpointCount,
    views,
    transactions: new NearTransactions(rpc),
    head: new Head(network, rpc, views, Date.now),
  };
}
