import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type KeyPoolSchema,
  type ListKeyPoolsRequest,
  type ListKeyPoolsResponseSchema,
  PoolKeyState,
} from "@countersign/gen/countersign/admin/v1/key_pool_pb.ts";
import type { KeyPoolView } from "../../key-pool/key-pool-desk.ts";
import type { AdminContext } from "../admin-context.ts";
import { keyOperationMessage } from "./key-operation-message.ts";

/** A relay without keys of its own has no pools. */
export function listKeyPools({ keyPools }: AdminContext) {
  return async (
    _: ListKeyPoolsRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof ListKeyPoolsResponseSchema>> => {
    const pools = (await keyPools?.pools(call.signal)) ?? [];
    return { pools: pools.map(poolMessage) };
  };
}

function poolMessage(pool: KeyPoolView): MessageInitShape<typeof KeyPoolSchema> {
  const { accountId, managed, sizing, keys, operation } = pool;
  return {
    ...{ accountId, managed, minKeys: sizing?.minKeys ?? 0, maxKeys: sizing?.maxKeys ?? 0 },
    keys: keys.map(({ keyId, publicKey, state, paused, lane, openSubmissions }) => ({
      ...{ keyId, publicKey, paused, lane, openSubmissions },
      state: PoolKeyState[state],
    })),
    ...(operation === undefined ? {} : { operation: keyOperationMessage(operation) }),
  };
}
