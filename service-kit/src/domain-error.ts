import { ErrorReason, ErrorReasonSchema } from "@countersign/gen/countersign/error/v1/error_pb.ts";

/** Domain of every google.rpc.ErrorInfo that Countersign sends. */
export const ERROR_DOMAIN = "countersign";

/**
 * The one error that domain code throws. `message` is public: it names nothing secret and nothing of other
 * callers. The private cause travels in `cause` and only reaches the log.
 */
export class DomainError extends Error {
  override readonly name = "DomainError";
  readonly reason: ErrorReason;
  /** How long a caller should wait before it tries again, in milliseconds; only for transient reasons. */
  readonly retryAfterMs: number | undefined;
  /** What the precondition or the quota is about, for example "tenant-day". */
  readonly subject: string;

  constructor(
    reason: ErrorReason,
    message: string,
    options?: { cause?: unknown; retryAfterMs?: number; subject?: string },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.retryAfterMs = options?.retryAfterMs;
    this.subject = options?.subject ?? "";
  }
}

/** The reason's name as it stands in ErrorInfo, for example "DELEGATE_EXPIRED". */
export function reasonName(reason: ErrorReason): string {
  const value = ErrorReasonSchema.value[reason];
  return value === undefined ? "INTERNAL" : value.name.replace(/^ERROR_REASON_/, "");
}

const reasonsByName = new Map(
  Object.values(ErrorReason)
    .filter((v) => typeof v === "number")
    .map((v) => [reasonName(v), v]),
);

/** The reason of a name that `reasonName` gave; INTERNAL for a name that this version does not know. */
export function reasonFromName(name: string): ErrorReason {
  return reasonsByName.get(name) ?? ErrorReason.INTERNAL;
}
