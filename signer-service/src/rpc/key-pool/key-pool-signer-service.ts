import { KeyPoolSignerService } from "@countersign/gen/countersign/signer/v1/key_pool_signer_service_pb.ts";
import { type ServedService, serve } from "@countersign/service-kit";
import { activatePoolKey } from "./activate-pool-key.ts";
import { drainPoolKey } from "./drain-pool-key.ts";
import { generatePoolKey } from "./generate-pool-key.ts";
import { type PoolCallOptions, servePool } from "./pool-call.ts";
import { retirePoolKey } from "./retire-pool-key.ts";

/** KeyPoolSignerService with all its methods. */
export function keyPoolSignerService(options: PoolCallOptions): ServedService {
  const serving = servePool(options);
  return serve(KeyPoolSignerService, {
    generatePoolKey: generatePoolKey(serving),
    activatePoolKey: activatePoolKey(serving),
    drainPoolKey: drainPoolKey(serving),
    retirePoolKey: retirePoolKey(serving),
  });
}
