import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  LockKeyState,
  type LockKeyStatusSchema,
} from "@countersign/gen/countersign/signer/v1/signer_admin_pb.ts";
import type { LockKeyRecord } from "../lock/lock-key-records.ts";
import { lockKeyMessage } from "../rpc/lock/lock-key-message.ts";

/** A lock key as operators see it. */
export function lockKeyStatusMessage(record: LockKeyRecord): MessageInitShape<typeof LockKeyStatusSchema> {
  const { state, createdAt, graceAt, retiredAt } = record;
  return {
    key: lockKeyMessage(record),
    state: LockKeyState[state],
    createTime: timestampFromDate(createdAt),
    ...(graceAt && { graceTime: timestampFromDate(graceAt) }),
    ...(retiredAt && { retireTime: timestampFromDate(retiredAt) }),
  };
}
