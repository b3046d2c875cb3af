import { Code, ConnectError } from "@connectrpc/connect";
import { type ErrorReason, ErrorReasonSchema } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { ErrorInfoSchema, RetryInfoSchema } from "@countersign/gen/google/rpc/error_details_pb.ts";

/** Name of a reason, for example "DELEGATE_EXPIRED"; each is explained at `ErrorReason` in error.proto. */
export type ErrorReasonName = keyof typeof ErrorReason;

/** The domain of the ErrorInfo that Countersign's services give. */
const DOMAIN = "countersign";

interface Failure {
  readonly reason: ErrorReasonName;
  readonly code: Code;
  readonly requestId?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** Why a call failed. Decide on `reason`, or on `code` where there is none; never on the message. */
export class CountersignError extends Error {
  override readonly name = "CountersignError";
  /**
   * The service's reason. "UNSPECIFIED" when it gave none that this version knows: the connection was lost, a proxy
   * answered, the call was cancelled, the service is newer than this client.
   */
  readonly reason: ErrorReasonName;
  /** The Connect code. A connection that cannot be made or breaks is `Code.Unavailable`. */
  readonly code: Code;
  /** The id under which the service logged the call, if it was reached. */
  readonly requestId: string | undefined;
  /** When the service wants to be asked again, in milliseconds from now; undefined when it does not say. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { reason, code, requestId, retryAfterMs, cause }: Failure) {
    super(message, { cause });
    this.reason = reason;
    this.code = code;
    this.requestId = requestId;
    this.retryAfterMs = retryAfterMs;
  }
}

/** What went wrong with a call, of whatever was thrown. That stays reachable as `cause`. */
export function errorOf(thrown: unknown): CountersignError {
  if (thrown instanceof CountersignError) return thrown;
  const error = ConnectError.from(thrown);
  // Connect wraps what an interceptor throws.
  if (error.cause instanceof CountersignError) return error.cause;
  const info = error.findDetails(ErrorInfoSchema).find(({ domain }) => domain === DOMAIN);
  return new CountersignError(error.rawMessage, {
    reason: isReasonName(info?.reason) ? info.reason : "UNSPECIFIED",
    code: isLostConnection(error) ? Code.Unavailable : error.code,
    requestId: info?.metadata.request_id ?? error.metadata.get("x-request-id") ?? undefined,
    retryAfterMs: retryAfterMs(error),
    cause: error,
  });
}

/** Whether it is a reason that this version knows. */
export function isReasonName(name: string | undefined): name is ErrorReasonName {
  return ErrorReasonSchema.values.some(({ localName }) => localName === name);
}

/**
 * fetch and the reading of a body fail with a TypeError (https://fetch.spec.whatwg.org/#fetch-method); Connect throws
 * a string when a body ends too early. It calls both "unknown".
 */
function isLostConnection({ code, cause }: ConnectError): boolean {
  return code === Code.Unknown && (cause instanceof TypeError || typeof cause === "string");
}

/** RetryInfo; without it, the seconds of Retry-After, which proxies send. */
function retryAfterMs(error: ConnectError): number | undefined {
  const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  if (delay !== undefined) return Number(delay.seconds) * 1000 + delay.nanos / 1_000_000;
  const seconds = error.metadata.get("retry-after");
  return seconds !== null && /^\d{1,9}$/.test(seconds) ? Number(seconds) * 1000 : undefined;
}
