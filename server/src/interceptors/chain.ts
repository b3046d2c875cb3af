import type { Interceptor } from "@connectrpc/connect";
import { type Logger, type RunningCalls, standardInterceptors } from "@countersign/service-kit";
import type { Events } from "../observability/events.ts";
import { rpcEventsInterceptor } from "./rpc-events.ts";

/**
 * The one chain of the relay, for every method of every service, outermost first. The request's id stands
 * already: responses that no interceptor sees carry it too.
 */
export function interceptorChain(
  events: Events,
  log: Logger,
  stopping: AbortSignal,
  runningCalls: RunningCalls,
): Interceptor[] {
  return [rpcEventsInterceptor(events), ...standardInterceptors(log, stopping, runningCalls)];
}
