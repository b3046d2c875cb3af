import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";

const MAX_CAUSE_LENGTH = 500;

/** A backend or a key that cannot be used as it is configured. The message is for the operator, without secrets. */
export class BackendError extends Error {
  override readonly name = "BackendError";
}

/** What an error says. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** SIGNER_BACKEND_UNAVAILABLE: `what` says which place gave no answer and why, in words that a relay may read. */
export function backendUnavailable(what: string, cause: unknown): DomainError {
  return new DomainError(ErrorReason.SIGNER_BACKEND_UNAVAILABLE, what, { cause: summaryOf(cause) });
}

/** SIGNER_SELF_CHECK_FAILED: the place answered, with what is not a signature of the key. Nothing is released. */
export function answerRefused(what: string, cause?: unknown): DomainError {
  return new DomainError(ErrorReason.SIGNER_SELF_CHECK_FAILED, `${what}; nothing is released`, { cause });
}

/**
 * What of an SDK's error may reach the log: its name and the beginning of its message. The errors themselves
 * carry whole requests and answers, headers with credentials among them.
 */
function summaryOf(error: unknown): Error {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const code = (error as { code?: unknown } | undefined)?.code;
  const summary = new Error(`${name}: ${message}`.slice(0, MAX_CAUSE_LENGTH));
  return typeof code === "string" ? Object.assign(summary, { code }) : summary;
}
