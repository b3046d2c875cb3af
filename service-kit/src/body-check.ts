import { createContextKey } from "@connectrpc/connect";

/** Looks at the SHA-256 of a request's body as it came in, and throws a DomainError if it is not what was expected. */
export type BodyCheck = (sha256: Buffer) => void;

/**
 * A gate sets it for calls whose body must be whole and unaltered. Then no message of the call is read before all of
 * its body is there and was looked at, so that it cannot be a stream that goes on.
 */
export const bodyCheckKey = createContextKey<BodyCheck | undefined>(undefined, {
  description: "check of the request's body",
});
