import type { MethodImpl } from "@connectrpc/connect";
import type { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { lockReason } from "../keys/journal-lock.ts";
import type { AdminContext } from "./admin-context.ts";
import { keyStatusMessage } from "./key-status-message.ts";

/** SignerAdminService.GetStatus. */
export function getStatus({
  audience,
  keys,
  backends,
  journal,
}: AdminContext): MethodImpl<typeof SignerAdminService.method.getStatus> {
  return async () => {
    const [known, state] = await Promise.all([keys.list(), journal()]);
    return {
      audience,
      keys: known.map(keyStatusMessage),
      backends: [...backends()],
      journal: { ...state, lockReason: lockReason(known) },
    };
  };
}
