import type { MethodImpl } from "@connectrpc/connect";
import { KeyPoolSignerService } from "@countersign/gen/countersign/signer/v1/key_pool_signer_service_pb.ts";
import type { ServePool } from "./pool-call.ts";

const { method } = KeyPoolSignerService;

/** KeyPoolSignerService.DrainPoolKey. */
export function drainPoolKey(serve: ServePool): MethodImpl<typeof method.drainPoolKey> {
  return serve(method.drainPoolKey, (pools, { keyId }, actor) => pools.drain(keyId, actor));
}
