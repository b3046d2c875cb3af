import { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { type ServedService, serve } from "@countersign/service-kit";
import { activateKey } from "./activate-key.ts";
import type { AdminContext } from "./admin-context.ts";
import { drainKey } from "./drain-key.ts";
import { generateKey } from "./generate-key.ts";
import { getStatus } from "./get-status.ts";
import { installAdminGrant } from "./install-admin-grant.ts";
import { listAdminGrants } from "./list-admin-grants.ts";
import { listLockKeys } from "./list-lock-keys.ts";
import { pauseKey } from "./pause-key.ts";
import { reload } from "./reload.ts";
import { resumeKey } from "./resume-key.ts";
import { retireKey } from "./retire-key.ts";
import { retireLockKey } from "./retire-lock-key.ts";
import { revokeAdminGrant } from "./revoke-admin-grant.ts";
import { rotateLockKey } from "./rotate-lock-key.ts";
import { setNonceFloors } from "./set-nonce-floors.ts";

/** SignerAdminService with all its methods. */
export function adminService(context: AdminContext): ServedService {
  return serve(SignerAdminService, {
    getStatus: getStatus(context),
    reload: reload(context),
    pauseKey: pauseKey(context),
    resumeKey: resumeKey(context),
    generateKey: generateKey(context),
    activateKey: activateKey(context),
    drainKey: drainKey(context),
    retireKey: retireKey(context),
    setNonceFloors: setNonceFloors(context),
    installAdminGrant: installAdminGrant(context),
    listAdminGrants: listAdminGrants(context),
    revokeAdminGrant: revokeAdminGrant(context),
    listLockKeys: listLockKeys(context),
    rotateLockKey: rotateLockKey(context),
    retireLockKey: retireLockKey(context),
  });
}
