import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  KeyOperationKind as KindMessage,
  type StartKeyOperationRequest,
  type StartKeyOperationResponseSchema,
} from "@countersign/gen/countersign/admin/v1/key_pool_pb.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { KeyOperationKind } from "../../ledger/ledger.ts";
import { authorOf } from "../admin-caller.ts";
import type { AdminContext } from "../admin-context.ts";
import { deskOf } from "./desk-of.ts";
import { keyOperationMessage } from "./key-operation-message.ts";

const KINDS: readonly KeyOperationKind[] = ["ADD", "DRAIN", "ROTATE"];

export function startKeyOperation({ keyPools }: AdminContext) {
  return async (
    { accountId, kind: kindMessage, oldKeyId, reason }: StartKeyOperationRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof StartKeyOperationResponseSchema>> => {
    const kind = KINDS.find((name) => KindMessage[name] === kindMessage);
    if (kind === undefined) throw new DomainError(ErrorReason.FIELD_INVALID, "kind must be given");
    const actor = authorOf(call.values);
    const request = { accountId, kind, oldKeyId, reason, actor };
    const operation = await deskOf(keyPools).start(request, call.signal);
    return { operation: keyOperationMessage(operation) };
  };
}
