import type { MessageInitShape } from "@bufbuild/protobuf";
import type { LockKeySchema } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import type { LockKeyRecord } from "../../lock/lock-key-records.ts";

/** A lock key's public half. */
export function lockKeyMessage({
  keyId,
  suite,
  commitment,
  state,
}: Pick<LockKeyRecord, "keyId" | "suite" | "commitment" | "state">): MessageInitShape<typeof LockKeySchema> {
  // The contract's numbers are the suites' bytes.
  return { keyId, suite, commitment, current: state === "CURRENT" };
}
