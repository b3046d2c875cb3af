import type { MethodImpl } from "@connectrpc/connect";
import { KeyPoolSignerService } from "@countersign/gen/countersign/signer/v1/key_pool_signer_service_pb.ts";
import type { ServePool } from "./pool-call.ts";

const { method } = KeyPoolSignerService;

/** KeyPoolSignerService.GeneratePoolKey. */
export function generatePoolKey(serve: ServePool): MethodImpl<typeof method.generatePoolKey> {
  return serve(method.generatePoolKey, (pools, { network, accountId, keyId }, actor) =>
    pools.generate({ network, accountId, keyId }, actor),
  );
}
