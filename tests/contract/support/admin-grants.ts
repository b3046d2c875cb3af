import { generateKeyPairSync } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { SignedAdminGrantSchema } from "@countersign/gen/countersign/signer/v1/signer_admin_pb.ts";
import { formatPublicKey } from "@countersign/near";
import { publicKeyOf } from "@countersign/signer-service/backends/keystore/ed25519-seed.ts";
import { signAdminGrant } from "@countersign/signer-service/grants/admin-grant-signature.ts";
import { RELAYER } from "../../signer/support/transactions.ts";

/** A grant of an id, for a signer: the one it was made for, or another. */
export type AdminGrantOf = (id: string, audience?: string) => MessageInitShape<typeof SignedAdminGrantSchema>;

/** An admin key "eve", as the configuration has it, with what it signs: to add keys of RELAYER's for an hour. */
export function adminGrants(signer: string) {
  const { privateKey } = generateKeyPairSync("ed25519");
  const adminKey = { id: "eve", public_key: formatPublicKey(publicKeyOf(privateKey)) };
  const allows = {
    kind: "key_management" as const,
    ...{ network: "testnet", accountId: RELAYER, mayAdd: true, mayDelete: false },
  };
  const grantOf: AdminGrantOf = (id, audience = signer) => {
    const notBefore = new Date();
    const expiresAt = new Date(notBefore.getTime() + 3_600_000);
    const grant = { id, audience, notBefore, expiresAt, allows };
    const { grantBytes, adminKeyId, signature } = signAdminGrant(grant, "eve", privateKey);
    return { grant: grantBytes, adminKeyId, signature };
  };
  return { adminKey, grantOf };
}
