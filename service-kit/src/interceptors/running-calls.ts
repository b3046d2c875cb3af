import type { ContextValues, Interceptor } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { ServerReflection } from "@countersign/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "@countersign/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { Health } from "@countersign/gen/health/v1/health_pb.ts";
import { DomainError } from "../domain-error.ts";

/** How many calls of a process may run at once. */
export interface RunningCalls {
  readonly max: number;
  /** Names whose call it is; undefined for calls that are nobody's. Without it there are no shares. */
  readonly ownerOf?: (values: ContextValues) => string | undefined;
  /** Of `max`, what one owner may take: above 0, at most 1. */
  readonly share?: number;
}

/** Streams of health and reflection, which are nobody's and may stand long: they take no room from calls. */
const MAX_STANDING = 64;
const STANDING: ReadonlySet<string> = new Set([
  Health.typeName,
  ServerReflection.typeName,
  ServerReflectionAlpha.typeName,
]);

/**
 * Lets at most `max` calls of a process run at once, streams until they end, and refuses others with OVERLOADED:
 * a waiting call keeps memory, whatever its connection. One owner gets its share at most, so that the others find room.
 * A health check is answered always.
 */
export function runningCallsInterceptor({ max, ownerOf, share = 1 }: RunningCalls): Interceptor {
  const all = new Slots(max);
  const standing = new Slots(MAX_STANDING);
  const owned = new Map<string, Slots>();

  function slotsOf(serviceName: string, isStream: boolean, values: ContextValues): Slots[] {
    if (STANDING.has(serviceName)) return isStream ? [standing] : [];
    const owner = ownerOf?.(values);
    if (owner === undefined) return [all];
    const own =
      owned.get(owner) ?? new Slots(Math.max(1, Math.floor(max * share)), () => owned.delete(owner));
    owned.set(owner, own);
    return [all, own];
  }

  return (next) => async (request) => {
    const slots = slotsOf(request.service.typeName, request.stream, request.contextValues);
    if (slots.some((s) => s.isFull)) {
      throw new DomainError(ErrorReason.OVERLOADED, "too many calls run at once");
    }
    for (const s of slots) s.take();
    const release = once(() => {
      for (const s of slots) s.release();
    });
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

class Slots {
  readonly #max: number;
  readonly #onEmpty: () => void;
  #taken = 0;

  constructor(max: number, onEmpty: () => void = () => undefined) {
    this.#max = max;
    this.#onEmpty = onEmpty;
  }

  get isFull(): boolean {
    return this.#taken >= this.#max;
  }

  take(): void {
    this.#taken++;
  }

  release(): void {
    this.#taken--;
    if (this.#taken === 0) this.#onEmpty();
  }
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
