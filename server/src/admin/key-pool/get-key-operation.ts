import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  GetKeyOperationRequest,
  GetKeyOperationResponseSchema,
} from "@countersign/gen/countersign/admin/v1/key_pool_pb.ts";
import type { AdminContext } from "../admin-context.ts";
import { deskFor } from "./desk-of.ts";
import { keyOperationMessage } from "./key-operation-message.ts";

export function getKeyOperation({ keyPools }: AdminContext) {
  return async ({
    id,
  }: GetKeyOperationRequest): Promise<MessageInitShape<typeof GetKeyOperationResponseSchema>> => {
    return { operation: keyOperationMessage(await deskFor(keyPools, id).find(id)) };
  };
}
