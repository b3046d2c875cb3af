import { Code } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";

/** What waiting helps against, as the signer's calls end; a code of 0 to 16 that is none of these is a refusal. */
const TRANSIENT: ReadonlySet<Code> = new Set([
  Code.Canceled,
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.ResourceExhausted,
  Code.Aborted,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
]);

/** What a call to the signer that failed means: SIGNER_UNAVAILABLE when it gave no answer, SIGNER_REFUSED when it refused the relay. */
export function callFailure(code: Code, cause: unknown, retryAfterMs: number | undefined): DomainError {
  if (!TRANSIENT.has(code)) {
    return new DomainError(ErrorReason.SIGNER_REFUSED, "the signer refused the relay's call", { cause });
  }
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  return new DomainError(ErrorReason.SIGNER_UNAVAILABLE, "the signer gave no answer", { cause, ...wait });
}
