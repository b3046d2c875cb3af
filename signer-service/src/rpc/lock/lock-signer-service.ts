import { LockSignerService } from "@countersign/gen/countersign/signer/v1/lock_signer_service_pb.ts";
import { type ServedService, serve } from "@countersign/service-kit";
import { applyLock } from "./apply-lock.ts";
import { getLockKeys } from "./get-lock-keys.ts";
import { type LockCallOptions, serveLock } from "./lock-call.ts";
import { removeLock } from "./remove-lock.ts";

/** LockSignerService with all its methods. */
export function lockSignerService(options: LockCallOptions): ServedService {
  const call = serveLock(options);
  return serve(LockSignerService, {
    getLockKeys: getLockKeys(call),
    applyLock: applyLock(call),
    removeLock: removeLock(call),
  });
}
