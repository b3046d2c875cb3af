import { base64Decode } from "@bufbuild/protobuf/wire";
import {
  Code,
  ConnectError,
  type ContextValues,
  createContextKey,
  type HandlerContext,
  type Interceptor,
} from "@connectrpc/connect";
import { deadlineKey, requestIdKey } from "./call-context.ts";
import { addErrorInfo } from "./connect-errors.ts";

/** A call that ended before an interceptor saw it: not let in, to no method, or with a message that cannot be read. */
export interface UnreadCall {
  readonly service: string;
  readonly method: string;
  readonly requestId: string;
  /** What the gate noted. */
  readonly values: ContextValues;
  readonly error: ConnectError;
}

const readKey = createContextKey(false, { description: "the message was read" });

/**
 * Companion of `openCall`, outside of all interceptors: marks that there was a message for them to see, and tells
 * messages of a stream that cannot be read from faults of ours.
 */
export const markRead: Interceptor = (next) => (request) => {
  request.contextValues.set(readKey, true);
  return next(request.stream ? { ...request, message: readable(request.message) } : request);
};

async function* readable<T>(messages: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    throw error instanceof ConnectError ? unreadable(error) : error;
  }
}

/** Connect calls some messages that it cannot read (not protobuf, a cut gzip) an internal error. */
function unreadable(error: ConnectError): ConnectError {
  return error.code === Code.Internal ? Object.assign(error, { code: Code.InvalidArgument }) : error;
}

/**
 * Opens a call when its headers are there: sets the deadline that starts then (the caller's, or the default for
 * one that names none), and sees to it that errors which Connect raises while it reads the message carry an
 * ErrorInfo and are told to `onUnread`.
 *
 * Connect offers no hook for those errors: interceptors run only once there is a message. But in each protocol
 * it aborts the handler's context with the error before it serializes it, and that is where the detail is added.
 */
export function openCall(
  context: HandlerContext,
  defaultDeadlineMs: number,
  onUnread: ((call: UnreadCall) => void) | undefined,
): void {
  const requestId = context.values.get(requestIdKey);
  context.values.set(deadlineKey, Date.now() + (context.timeoutMs() ?? defaultDeadlineMs));
  const ended = () => {
    const error: unknown = context.signal.reason;
    if (!(error instanceof ConnectError) || error.isWireError || context.values.get(readKey)) return;
    addErrorInfo(unreadable(error), requestId);
    const { service, method, values } = context;
    onUnread?.({ service: service.typeName, method: method.name, requestId, values, error });
  };
  context.signal.addEventListener("abort", ended, { once: true });
}

/** Connect GET: a message that is not base64 would surface as an error that carries no code. */
export function assertReadable({ requestMethod, url }: HandlerContext): void {
  if (requestMethod !== "GET") return;
  const query = new URL(url).searchParams;
  if (query.get("base64") !== "1") return;
  try {
    base64Decode(query.get("message") ?? "");
  } catch (error) {
    throw new ConnectError("message is not base64", Code.InvalidArgument, undefined, undefined, error);
  }
}
