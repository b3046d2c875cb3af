import type { RelayConfig } from "../config/config.ts";
import type { Events } from "../observability/events.ts";
import { NearRpc } from "./near-rpc.ts";
import type { Post } from "./post.ts";
import { NearViews } from "./views.ts";

export interface NearOptions {
  readonly post: Post;
  readonly config: Pick<RelayConfig["near"], "endpoints" | "timeoutMs" | "retries" | "hedgeReads">;
  readonly events: Pick<Events, "chainCallFailed" | "endpointChanged" | "readHedged">;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
}

/** NEAR's endpoints, and what can be read there. */
export interface Near {
  readonly rpc: NearRpc;
  readonly views: NearViews;
}

/** Calls nobody yet. */
export function openNear({ post, config, events, random }: NearOptions): Near {
  const { endpoints, timeoutMs, retries, hedgeReads } = config;
  const rpc = new NearRpc({
    endpoints: endpoints.map(({ url, headers }) => ({ url, headers: revealed(headers) })),
    ...{ post, timeoutMs, retries, hedgeReads, random },
    now: () => performance.now(),
    onFailure: ({ endpoint, method, error }) =>
      events.chainCallFailed({ endpoint, method, kind: error.kind, error }),
    onBreaker: ({ endpoint, breaker, to }) => events.endpointChanged({ endpoint, breaker, to }),
    onHedge: ({ endpoint, method }) => events.readHedged({ endpoint, method }),
  });
  return { rpc, views: new NearViews(rpc) };
}

function revealed(headers: RelayConfig["near"]["endpoints"][number]["headers"]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, secret]) => [name, secret.reveal()]));
}
