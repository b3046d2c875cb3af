import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type {
  AdminGrantSchema,
  InstalledAdminGrantSchema,
} from "@countersign/gen/countersign/signer/v1/signer_admin_pb.ts";
import type { AdminGrant, KeptAdminGrant } from "../grants/admin-grants.ts";

/** A kept admin grant on the wire; its signature stays in the store. */
export function adminGrantMessage(kept: KeptAdminGrant): MessageInitShape<typeof InstalledAdminGrantSchema> {
  const { grant, adminKeyId, revoked, used } = kept;
  const { id, audience, notBefore, expiresAt, allows } = grant;
  return {
    grant: {
      id,
      audience,
      notBefore: timestampFromDate(notBefore),
      expiresAt: timestampFromDate(expiresAt),
      grant: allowsMessage(allows),
    },
    adminKeyId,
    revoked,
    used,
  };
}

function allowsMessage(
  allows: AdminGrant["allows"],
): NonNullable<MessageInitShape<typeof AdminGrantSchema>["grant"]> {
  if (allows.kind === "key_management") {
    const { network, accountId, mayAdd, mayDelete } = allows;
    return { case: "keyManagement", value: { network, accountId, mayAdd, mayDelete } };
  }
  const { network, accountId, publicKey, nonce, oldPayloadHash } = allows;
  return { case: "journalRepair", value: { network, accountId, publicKey, nonce, oldPayloadHash } };
}
