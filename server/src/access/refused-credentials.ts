import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";

/** Whom refused credentials belong to, where they prove it. */
export interface ProvenActor {
  readonly tenant: string;
  readonly actor: string;
}

/** Credentials that are there and are not taken. Of credentials that prove nothing, `whose` is undefined. */
export class RefusedCredentials extends DomainError {
  readonly whose: ProvenActor | undefined;

  constructor(reason: ErrorReason, message: string, options: { whose?: ProvenActor; cause?: unknown } = {}) {
    super(reason, message, options.cause === undefined ? undefined : { cause: options.cause });
    this.whose = options.whose;
  }
}

/** The same words for whatever is wrong, so that nobody learns which ids exist. The cause is for the log. */
export function invalidCredentials(cause?: unknown): RefusedCredentials {
  return new RefusedCredentials(
    ErrorReason.CREDENTIALS_INVALID,
    "the credentials are not valid",
    cause === undefined ? {} : { cause },
  );
}
