import { BadInput } from "@countersign/crypto/bad-input.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";

/** Runs what reads a client's bytes; throws ROUND_MESSAGE_INVALID where they are no canonical scalar or point. */
export function readingClient<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    throw new DomainError(
      ErrorReason.ROUND_MESSAGE_INVALID,
      "a commitment, share or proof is not a canonical encoding of what it has to be",
      { cause: error },
    );
  }
}
