import type { MethodImpl } from "@connectrpc/connect";
import type { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { lockSuiteOf } from "../rpc/lock/lock-suite.ts";
import { actorOf } from "./admin-actor.ts";
import type { AdminContext } from "./admin-context.ts";
import { lockKeyStatusMessage } from "./lock-key-status-message.ts";

/** SignerAdminService.RotateLockKey. */
export function rotateLockKey({
  locks,
}: AdminContext): MethodImpl<typeof SignerAdminService.method.rotateLockKey> {
  return async ({ suite, replacedKeyId }, { values }) => ({
    key: lockKeyStatusMessage(await locks.rotate(lockSuiteOf(suite), replacedKeyId, actorOf(values))),
  });
}
