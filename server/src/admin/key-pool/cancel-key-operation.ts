import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type {
  CancelKeyOperationRequest,
  CancelKeyOperationResponseSchema,
} from "@countersign/gen/countersign/admin/v1/key_pool_pb.ts";
import { authorOf } from "../admin-caller.ts";
import type { AdminContext } from "../admin-context.ts";
import { deskFor } from "./desk-of.ts";
import { keyOperationMessage } from "./key-operation-message.ts";

export function cancelKeyOperation({ keyPools }: AdminContext) {
  return async (
    { id, reason }: CancelKeyOperationRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof CancelKeyOperationResponseSchema>> => {
    const operation = await deskFor(keyPools, id).cancel(id, authorOf(call.values), reason);
    return { operation: keyOperationMessage(operation) };
  };
}
