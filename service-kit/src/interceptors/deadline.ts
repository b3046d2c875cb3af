import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { abortable, abortableIterable } from "../abortable.ts";
import { deadlineKey } from "../call-context.ts";

/** Node's timers hold 31 bits; a later deadline than 24 days has none to set. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Ends every call at its deadline with DEADLINE_EXCEEDED, also when its handler pays no attention. The handler's
 * signal aborts at the same moment, and when the caller goes away.
 */
export function deadlineInterceptor(): Interceptor {
  return (next) => async (request) => {
    const controller = new AbortController();
    const callerLeft = () => controller.abort(reasonOf(request.signal));
    if (request.signal.aborted) callerLeft();
    else request.signal.addEventListener("abort", callerLeft, { once: true });
    const left = request.contextValues.get(deadlineKey) - Date.now();
    const timer =
      left > MAX_TIMER_MS
        ? undefined
        : setTimeout(
            () => controller.abort(new ConnectError("the deadline has passed", Code.DeadlineExceeded)),
            Math.max(0, left),
          );
    const finished = () => {
      clearTimeout(timer);
      request.signal.removeEventListener("abort", callerLeft);
    };
    let streaming = false;
    try {
      const response = await abortable(next({ ...request, signal: controller.signal }), controller.signal);
      if (!response.stream) return response;
      streaming = true;
      return { ...response, message: abortableIterable(response.message, controller.signal, finished) };
    } finally {
      if (!streaming) finished();
    }
  };
}

/** Connect's own signal aborts at the caller's deadline too; anything else means that the caller is gone. */
function reasonOf(signal: AbortSignal): ConnectError {
  const reason: unknown = signal.reason;
  if (reason instanceof ConnectError && reason.code === Code.DeadlineExceeded) return reason;
  return new ConnectError("the caller went away", Code.Canceled, undefined, undefined, reason);
}
