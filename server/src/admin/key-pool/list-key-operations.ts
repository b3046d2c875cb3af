import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ListKeyOperationsRequest,
  ListKeyOperationsResponseSchema,
} from "@countersign/gen/countersign/admin/v1/key_pool_pb.ts";
import type { AdminContext } from "../admin-context.ts";
import { deskOf } from "./desk-of.ts";
import { keyOperationMessage } from "./key-operation-message.ts";

const DEFAULT_PAGE_SIZE = 20;

export function listKeyOperations({ keyPools }: AdminContext) {
  return async ({
    accountId,
    pageSize,
  }: ListKeyOperationsRequest): Promise<MessageInitShape<typeof ListKeyOperationsResponseSchema>> => {
    const limit = pageSize === 0 ? DEFAULT_PAGE_SIZE : pageSize;
    const operations = await deskOf(keyPools).list(accountId, limit);
    return { operations: operations.map(keyOperationMessage) };
  };
}
