import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  KeyOperationKind,
  type KeyOperationSchema,
  KeyOperationStep,
} from "@countersign/gen/countersign/admin/v1/key_pool_pb.ts";
import type { KeyOperation } from "../../ledger/ledger.ts";

export function keyOperationMessage(operation: KeyOperation): MessageInitShape<typeof KeyOperationSchema> {
  const { id, accountId, kind, step, newKeyId, oldKeyId, problem, actor, reason } = operation;
  return {
    ...{ id, accountId, newKeyId, oldKeyId, problem, actor, reason },
    kind: KeyOperationKind[kind],
    step: KeyOperationStep[step],
    createTime: timestampFromDate(operation.createdAt),
    stepTime: timestampFromDate(operation.stepAt),
  };
}
