import type { Interceptor } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { Health } from "@countersign/gen/health/v1/health_pb.ts";
import { abortable, abortableIterable } from "../abortable.ts";
import { DomainError } from "../domain-error.ts";

/**
 * From the moment `stopping` aborts: refuses new calls and ends streams with SHUTTING_DOWN, so that callers go
 * on elsewhere; unary calls that run are left to finish. Health answers to the end.
 */
export function drainInterceptor(stopping: AbortSignal): Interceptor {
  return (next) => async (request) => {
    if (request.service.typeName === Health.typeName) return next(request);
    const refusal = () => new DomainError(ErrorReason.SHUTTING_DOWN, "the service is stopping");
    if (stopping.aborted) throw refusal();
    if (!request.stream) return next(request);

    const controller = new AbortController();
    const stop = () => controller.abort(refusal());
    stopping.addEventListener("abort", stop, { once: true });
    const finished = () => stopping.removeEventListener("abort", stop);
    try {
      const response = await abortable(next(request), controller.signal);
      if (!response.stream) return response;
      return { ...response, message: abortableIterable(response.message, controller.signal, finished) };
    } catch (error) {
      finished();
      throw error;
    }
  };
}
