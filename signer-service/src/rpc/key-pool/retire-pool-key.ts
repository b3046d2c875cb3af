import type { MethodImpl } from "@connectrpc/connect";
import { KeyPoolSignerService } from "@countersign/gen/countersign/signer/v1/key_pool_signer_service_pb.ts";
import type { ServePool } from "./pool-call.ts";

const { method } = KeyPoolSignerService;

/** KeyPoolSignerService.RetirePoolKey. */
export function retirePoolKey(serve: ServePool): MethodImpl<typeof method.retirePoolKey> {
  return serve(method.retirePoolKey, (pools, { keyId }, actor) => pools.retire(keyId, actor));
}
