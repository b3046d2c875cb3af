import type { ServiceImpl } from "@connectrpc/connect";
import type { LockService } from "@countersign/gen/countersign/lock/v1/lock_service_pb.ts";
import type { LockContext } from "./lock-context.ts";
import { applyServerLock } from "./rpc/apply-server-lock.ts";
import { getKeyInfo } from "./rpc/get-key-info.ts";
import { removeServerLock } from "./rpc/remove-server-lock.ts";

/** countersign.lock.v1.LockService, one file for each RPC. */
export function lockService(context: LockContext): ServiceImpl<typeof LockService> {
  return {
    getKeyInfo: getKeyInfo(context),
    applyServerLock: applyServerLock(context),
    removeServerLock: removeServerLock(context),
  };
}
