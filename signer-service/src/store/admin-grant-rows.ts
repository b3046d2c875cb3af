import { fromMillis, toMillis } from "@countersign/sql";
import type { Insertable, Selectable } from "kysely";
import { fromHex, toHex } from "../chain/hash-text.ts";
import type { AdminGrant, KeptAdminGrant } from "../grants/admin-grants.ts";
import type { AdminGrantTable } from "./schema.ts";

export function toRow(kept: KeptAdminGrant): Insertable<AdminGrantTable> {
  const { grant, grantBytes, adminKeyId, signature, revoked, used } = kept;
  return {
    id: grant.id,
    audience: grant.audience,
    not_before: toMillis(grant.notBefore, "start of an admin grant"),
    expires_at: toMillis(grant.expiresAt, "expiry of an admin grant"),
    kind: grant.allows.kind,
    allows: allowsText(grant.allows),
    grant_bytes: toHex(grantBytes),
    admin_key_id: adminKeyId,
    signature: toHex(signature),
    revoked: revoked ? 1n : 0n,
    used: used ? 1n : 0n,
  };
}

export function fromRow(row: Selectable<AdminGrantTable>): KeptAdminGrant {
  return {
    grant: {
      id: row.id,
      audience: row.audience,
      notBefore: fromMillis(row.not_before),
      expiresAt: fromMillis(row.expires_at),
      allows: parseAllows(row.allows),
    },
    grantBytes: fromHex(row.grant_bytes),
    adminKeyId: row.admin_key_id,
    signature: fromHex(row.signature),
    revoked: row.revoked === 1n,
    used: row.used === 1n,
  };
}

/** As a column holds it: JSON, with the nonce in decimal and the hash in hexadecimal digits. */
type AllowsJson<T = AdminGrant["allows"]> = T extends { nonce: bigint }
  ? Omit<T, "nonce" | "oldPayloadHash"> & { readonly nonce: string; readonly oldPayloadHash: string }
  : T;

function allowsText(allows: AdminGrant["allows"]): string {
  const json: AllowsJson =
    allows.kind === "journal_repair"
      ? { ...allows, nonce: allows.nonce.toString(), oldPayloadHash: toHex(allows.oldPayloadHash) }
      : allows;
  return JSON.stringify(json);
}

function parseAllows(text: string): AdminGrant["allows"] {
  const json = JSON.parse(text) as AllowsJson;
  return json.kind === "journal_repair"
    ? { ...json, nonce: BigInt(json.nonce), oldPayloadHash: fromHex(json.oldPayloadHash) }
    : json;
}
