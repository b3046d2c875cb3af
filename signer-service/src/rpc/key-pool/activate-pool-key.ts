import type { MethodImpl } from "@connectrpc/connect";
import { KeyPoolSignerService } from "@countersign/gen/countersign/signer/v1/key_pool_signer_service_pb.ts";
import type { ServePool } from "./pool-call.ts";

const { method } = KeyPoolSignerService;

/** KeyPoolSignerService.ActivatePoolKey. */
export function activatePoolKey(serve: ServePool): MethodImpl<typeof method.activatePoolKey> {
  return serve(method.activatePoolKey, (pools, { keyId, nonceFloor }, actor) =>
    pools.activate(keyId, nonceFloor, actor),
  );
}
