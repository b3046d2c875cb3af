import { EventEmitter, once } from "node:events";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "@countersign/gen/health/v1/health_pb.ts";
import { type ServedService, serve } from "./served-service.ts";

/** Whether the process as a whole can do its work, and its services with it. */
export interface HealthSwitch {
  readonly served: ServedService;
  /** Reports SERVING or NOT_SERVING from now on; while the process stops it is NOT_SERVING whatever is set. */
  setServing(serving: boolean): void;
}

/**
 * grpc.health.v1 over the given services and "" for the whole process, NOT_SERVING until told otherwise. From the
 * moment `stopping` aborts, every status is NOT_SERVING, and watches end after they have said so.
 */
export function createHealth(serviceNames: readonly string[], stopping: AbortSignal): HealthSwitch {
  const names = ["", Health.typeName, ...serviceNames];
  const changes = new EventEmitter().setMaxListeners(0);
  let serving = false;
  const current = () => (serving && !stopping.aborted ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
  stopping.addEventListener("abort", () => changes.emit("change"), { once: true });

  const served = serve(Health, {
    check({ service }) {
      if (!names.includes(service)) throw new ConnectError("unknown service", Code.NotFound);
      return { status: current() };
    },
    list() {
      return { statuses: Object.fromEntries(names.map((name) => [name, { status: current() }])) };
    },
    async *watch({ service }, context) {
      const status = () => (names.includes(service) ? current() : ServingStatus.SERVICE_UNKNOWN);
      let sent: ServingStatus | undefined;
      while (!context.signal.aborted) {
        const change = once(changes, "change", { signal: context.signal });
        // Also watched while the message below is being sent, so that a caller who leaves then is no fault.
        change.catch(() => undefined);
        const now = status();
        if (now !== sent) yield { status: now };
        sent = now;
        if (stopping.aborted) return;
        await change;
      }
    },
  });
  return {
    served,
    setServing(value) {
      serving = value;
      changes.emit("change");
    },
  };
}
