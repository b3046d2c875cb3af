/** Reasons of the frame itself; all others are names of `ErrorReason` (error.proto), from the relay. */
export type FrameReason =
  /** The wallet did not answer the handshake: it is not there, or does not let this origin embed it. */
  | "UNREACHABLE"
  /** Application and wallet speak different versions of the protocol. */
  | "VERSION_MISMATCH"
  /** The wallet said nothing about a request for too long. */
  | "TIMEOUT"
  /** The application gave up. */
  | "CANCELLED"
  /** The wallet is gone, or `close` was called. */
  | "CLOSED"
  /** The user declined. */
  | "DECLINED"
  /** The user has not let this application see the account. */
  | "NOT_CONNECTED"
  /** The request is not well-formed; the message says what of it. */
  | "REQUEST_INVALID"
  /** The wallet does not know the method, or does not sign for EVM chains. */
  | "UNSUPPORTED"
  /** Too many requests wait for their answers. */
  | "TOO_MANY_REQUESTS"
  /** A hello came from a page that the wallet does not serve. The wallet alone sees this. */
  | "ORIGIN_NOT_ALLOWED"
  /** The wallet made a mistake, of which it says nothing more. */
  | "INTERNAL";

/** A code as Connect writes it (https://connectrpc.com/docs/protocol#error-codes), for example "permission_denied". */
export type FrameCode = string;

/** Why a request to an embedded wallet failed. Decide on `reason`, or on `code`; never on the message. */
export class EmbeddedWalletError extends Error {
  override readonly name = "EmbeddedWalletError";
  /** One of `FrameReason`, or what the relay gave: a name of `ErrorReason`. */
  readonly reason: string;
  readonly code: FrameCode;

  constructor(reason: string, code: FrameCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
    this.code = code;
  }
}

const CODES: Readonly<Record<FrameReason, FrameCode>> = {
  UNREACHABLE: "unavailable",
  VERSION_MISMATCH: "unimplemented",
  TIMEOUT: "deadline_exceeded",
  CANCELLED: "canceled",
  CLOSED: "aborted",
  DECLINED: "permission_denied",
  NOT_CONNECTED: "permission_denied",
  REQUEST_INVALID: "invalid_argument",
  UNSUPPORTED: "unimplemented",
  TOO_MANY_REQUESTS: "resource_exhausted",
  ORIGIN_NOT_ALLOWED: "permission_denied",
  INTERNAL: "internal",
};

/** An error of the frame's own, with the code that belongs to its reason. */
export function frameError(
  reason: FrameReason,
  message: string,
  options?: ErrorOptions,
): EmbeddedWalletError {
  return new EmbeddedWalletError(reason, CODES[reason], message, options);
}
