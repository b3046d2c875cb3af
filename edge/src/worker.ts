import { createLogger } from "@countersign/service-kit";
import type { Bindings } from "./bindings.ts";
import { type EdgeRelay, openEdgeRelay } from "./edge-relay.ts";

export { RateLimitObject } from "./limits/rate-limit-object.ts";
export { LockKeyObject } from "./lock/lock-key-object.ts";
export { SessionObject } from "./session/session-object.ts";

/** Of this isolate: a deployment's bindings never change. */
let opened: Promise<EdgeRelay | undefined> | undefined;

/** Undefined, and told to the log, when the configuration cannot be used. */
async function open(bindings: Bindings): Promise<EdgeRelay | undefined> {
  try {
    return await openEdgeRelay(bindings);
  } catch (error) {
    createLogger("relay", "error").error({ err: error }, "configuration cannot be used");
    return undefined;
  }
}

export default {
  async fetch(request: Request, bindings: Bindings): Promise<Response> {
    opened ??= open(bindings);
    const relay = await opened;
    if (relay !== undefined) return relay(request);
    return Response.json({ code: "unavailable", message: "the relay is not configured" }, { status: 503 });
  },
};
