import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import {
  ErrorInfoSchema,
  PreconditionFailureSchema,
  QuotaFailureSchema,
  RetryInfoSchema,
} from "@countersign/gen/google/rpc/error_details_pb.ts";
import { DomainError, ERROR_DOMAIN, reasonFromName, reasonName } from "./domain-error.ts";
import { codeOfReason, reasonOfProtocolError } from "./error-codes.ts";

/** RetryInfo of a transient error that names no wait of its own, in milliseconds. */
export const DEFAULT_RETRY_AFTER_MS = 1000;

/** All that a caller learns of an error that nobody foresaw. */
const INTERNAL_MESSAGE = "internal error";

type Detail = { desc: DescMessage; value: MessageInitShape<DescMessage> };

/**
 * The one mapping from what was thrown to what goes over the wire.
 *
 * - A `DomainError` gets its reason's code, ErrorInfo, RetryInfo (UNAVAILABLE and RESOURCE_EXHAUSTED),
 *   PreconditionFailure (FAILED_PRECONDITION) and QuotaFailure (RATE_LIMITED and BUDGET_EXHAUSTED).
 * - A `ConnectError` that was raised in this process keeps code and message and gets the ErrorInfo it lacks.
 * - Everything else, errors received from another service included, is INTERNAL with a fixed message.
 *
 * What was thrown stays reachable as `cause`, which never goes over the wire.
 */
export function toConnectError(error: unknown, requestId: string | undefined): ConnectError {
  if (error instanceof DomainError) {
    const details = detailsOf(error.reason, error.message, requestId, error.retryAfterMs, error.subject);
    return new ConnectError(error.message, codeOfReason(error.reason), undefined, details, error);
  }
  if (error instanceof ConnectError && isForTheCaller(error)) {
    addErrorInfo(error, requestId);
    return error;
  }
  const details = detailsOf(ErrorReason.INTERNAL, INTERNAL_MESSAGE, requestId, undefined);
  return new ConnectError(INTERNAL_MESSAGE, Code.Internal, undefined, details, error);
}

/**
 * Gives an error that Connect raised (malformed or oversized message, deadline) the ErrorInfo of its reason,
 * if there is one and it has none yet.
 */
export function addErrorInfo(error: ConnectError, requestId: string | undefined): void {
  const reason = reasonOfProtocolError(error.code);
  if (reason !== undefined && error.findDetails(ErrorInfoSchema).length === 0) {
    error.details.push(...detailsOf(reason, error.rawMessage, requestId, undefined));
  }
}

function isForTheCaller(error: ConnectError): boolean {
  return !error.isWireError && error.code !== Code.Internal && error.code !== Code.Unknown;
}

function detailsOf(
  reason: ErrorReason,
  message: string,
  requestId: string | undefined,
  retryAfterMs: number | undefined,
  subject = "",
): Detail[] {
  const name = reasonName(reason);
  const code = codeOfReason(reason);
  const metadata = requestId === undefined ? {} : { request_id: requestId };
  const details: Detail[] = [
    { desc: ErrorInfoSchema, value: { reason: name, domain: ERROR_DOMAIN, metadata } },
  ];
  // A message that is too large stays too large: a retry would only repeat the refusal.
  if (
    code === Code.Unavailable ||
    (code === Code.ResourceExhausted && reason !== ErrorReason.REQUEST_TOO_LARGE)
  ) {
    const ms = Math.max(0, Math.ceil(retryAfterMs ?? DEFAULT_RETRY_AFTER_MS));
    const retryDelay = { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };
    details.push({ desc: RetryInfoSchema, value: { retryDelay } });
  }
  if (code === Code.FailedPrecondition) {
    const violations = [{ type: name, subject, description: message }];
    details.push({ desc: PreconditionFailureSchema, value: { violations } });
  }
  if (reason === ErrorReason.RATE_LIMITED || reason === ErrorReason.BUDGET_EXHAUSTED) {
    details.push({ desc: QuotaFailureSchema, value: { violations: [{ subject, description: message }] } });
  }
  return details;
}

/** What a client of a Countersign service learns from a failed call. */
export interface CallFailure {
  /** The reason of ErrorInfo; undefined when the error carries none of ours (a proxy's, a lost connection). */
  readonly reason: ErrorReason | undefined;
  readonly code: Code;
  readonly message: string;
  /** RetryInfo in milliseconds. */
  readonly retryAfterMs: number | undefined;
}

/** The client's side of `toConnectError`: reads reason and RetryInfo of whatever a client call threw. */
export function errorFromConnect(error: unknown): CallFailure {
  const wire = ConnectError.from(error);
  const info = wire.findDetails(ErrorInfoSchema).find((i) => i.domain === ERROR_DOMAIN);
  const delay = wire.findDetails(RetryInfoSchema)[0]?.retryDelay;
  return {
    reason: info === undefined ? undefined : reasonFromName(info.reason),
    code: wire.code,
    message: wire.rawMessage,
    retryAfterMs: delay === undefined ? undefined : Number(delay.seconds) * 1000 + delay.nanos / 1_000_000,
  };
}
