import type { Interceptor } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { Health } from "@countersign/gen/health/v1/health_pb.ts";
import { DomainError } from "../domain-error.ts";

/**
 * Lets at most `max` calls of a process run at once, streams until they end, and refuses others with OVERLOADED:
 * a waiting call keeps memory, whatever its connection. Health is answered always.
 */
export function runningCallsInterceptor(max: number): Interceptor {
  let running = 0;
  return (next) => async (request) => {
    if (request.service.typeName === Health.typeName) return next(request);
    if (running >= max) {
      throw new DomainError(ErrorReason.OVERLOADED, "too many calls run at once");
    }
    running++;
    const release = once(() => running--);
    try {
      const response = await next(request);
      if (!response.stream) {
        release();
        return response;
      }
      // A stream that nobody reads ends with its call.
      request.signal.addEventListener("abort", release, { once: true });
      return { ...response, message: whileRunning(response.message, release) };
    } catch (error) {
      release();
      throw error;
    }
  };
}

async function* whileRunning<T>(source: AsyncIterable<T>, ended: () => void): AsyncGenerator<T> {
  try {
    yield* source;
  } finally {
    ended();
  }
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}
