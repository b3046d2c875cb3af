import type { MessageInitShape } from "@bufbuild/protobuf";
import type { InstalledAdminGrantSchema } from "@countersign/gen/countersign/signer/v1/signer_admin_pb.ts";
import { adminGrantMessage } from "../grants/admin-grant-codec.ts";
import type { KeptAdminGrant } from "../grants/admin-grants.ts";

/** A kept admin grant on the wire; its signature stays in the store. */
export function installedGrantMessage(
  kept: KeptAdminGrant,
): MessageInitShape<typeof InstalledAdminGrantSchema> {
  const { grant, adminKeyId, revoked, used } = kept;
  return { grant: adminGrantMessage(grant), adminKeyId, revoked, used };
}
