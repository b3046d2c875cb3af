import { performance } from "node:perf_hooks";
import type { Interceptor } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { errorFromConnect, reasonName, requestIdKey, type UnreadCall } from "@countersign/service-kit";
import type { Events } from "../observability/events.ts";

/** Tells of every call when it has ended, streams included. Stands outside of the mapping of errors. */
export function rpcEventsInterceptor(events: Events): Interceptor {
  return (next) => async (request) => {
    const started = performance.now();
    let told = false;
    const finished = (outcome: { code: string; reason?: string | undefined }) => {
      if (told) return;
      told = true;
      events.rpcFinished({
        service: request.service.typeName,
        method: request.method.name,
        requestId: request.contextValues.get(requestIdKey),
        seconds: (performance.now() - started) / 1000,
        ...outcome,
      });
    };
    try {
      const response = await next(request);
      if (response.stream) return { ...response, message: watched(response.message, finished) };
      finished({ code: "ok" });
      return response;
    } catch (error) {
      finished(outcomeOf(error));
      throw error;
    }
  };
}

/** Tells of the calls whose message could not be read, which no interceptor sees. They took no time of ours. */
export function unreadCallEvents(events: Events): (call: UnreadCall) => void {
  return ({ error, ...call }) => events.rpcFinished({ ...call, ...outcomeOf(error), seconds: 0 });
}

async function* watched<T>(
  source: AsyncIterable<T>,
  finished: (outcome: { code: string; reason?: string | undefined }) => void,
): AsyncGenerator<T> {
  try {
    yield* source;
    finished({ code: "ok" });
  } catch (error) {
    finished(outcomeOf(error));
    throw error;
  } finally {
    // Reached first when the caller stops reading.
    finished({ code: "canceled" });
  }
}

function outcomeOf(error: unknown): { code: string; reason: string | undefined } {
  const { code, reason } = errorFromConnect(error);
  return { code: codeToString(code), reason: reason === undefined ? undefined : reasonName(reason) };
}
