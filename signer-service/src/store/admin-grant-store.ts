import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { Engine } from "@countersign/sql";
import type { Transaction } from "kysely";
import { appendAudit } from "../audit/append-audit.ts";
import { toHex } from "../chain/hash-text.ts";
import type { AdminGrant, AdminGrants, KeptAdminGrant } from "../grants/admin-grants.ts";
import { fromRow, toRow } from "./admin-grant-rows.ts";
import type { SignerSchema } from "./schema.ts";

/** The admin grants of a store. */
export function adminGrantsOver(engine: Engine<SignerSchema>, now: () => Date): AdminGrants {
  return {
    list: () =>
      engine.read(async (db) =>
        (await db.selectFrom("admin_grants").selectAll().orderBy("id").execute()).map(fromRow),
      ),
    install: (grant, actor) => engine.write((trx) => install(trx, grant, actor, now())),
    revoke: (id, actor) => engine.write((trx) => revoke(trx, id, actor, now())),
  };
}

async function install(
  trx: Transaction<SignerSchema>,
  grant: Omit<KeptAdminGrant, "revoked" | "used">,
  actor: string,
  at: Date,
): Promise<KeptAdminGrant> {
  const kept = { ...grant, revoked: false, used: false };
  const inserted = await trx
    .insertInto("admin_grants")
    .values(toRow(kept))
    .onConflict((oc) => oc.doNothing())
    .returning("id")
    .executeTakeFirst();
  if (inserted !== undefined) {
    await appendAudit(trx, [{ at, kind: "admin grant installed", actor, keyId: "", detail: detailOf(kept) }]);
    return kept;
  }
  const known = await find(trx, grant.grant.id);
  if (known === undefined || toHex(known.grantBytes) !== toHex(grant.grantBytes)) {
    const message = `another admin grant has the id ${grant.grant.id}`;
    throw new DomainError(ErrorReason.ADMIN_GRANT_INVALID, message);
  }
  return known;
}

async function revoke(
  trx: Transaction<SignerSchema>,
  id: string,
  actor: string,
  at: Date,
): Promise<KeptAdminGrant> {
  const revoked = await trx
    .updateTable("admin_grants")
    .set({ revoked: 1n })
    .where("id", "=", id)
    .where("revoked", "=", 0n)
    .returning("id")
    .executeTakeFirst();
  const kept = await find(trx, id);
  if (kept === undefined) {
    throw new DomainError(ErrorReason.ADMIN_GRANT_NOT_FOUND, `there is no admin grant ${id}`);
  }
  if (revoked !== undefined) {
    await appendAudit(trx, [{ at, kind: "admin grant revoked", actor, keyId: "", detail: detailOf(kept) }]);
  }
  return kept;
}

async function find(trx: Transaction<SignerSchema>, id: string): Promise<KeptAdminGrant | undefined> {
  const row = await trx.selectFrom("admin_grants").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

function detailOf({ grant, adminKeyId }: KeptAdminGrant): Record<string, string> {
  const { id, allows, notBefore, expiresAt } = grant;
  return {
    admin_grant: id,
    admin_key: adminKeyId,
    not_before: notBefore.toISOString(),
    expires_at: expiresAt.toISOString(),
    ...allowed(allows),
  };
}

function allowed(allows: AdminGrant["allows"]): Record<string, string> {
  const { kind, network, accountId } = allows;
  if (allows.kind === "key_management") {
    const { mayAdd, mayDelete, pool } = allows;
    const may = { kind, network, account: accountId, may_add: `${mayAdd}`, may_delete: `${mayDelete}` };
    if (pool === undefined) return may;
    return {
      ...may,
      pool_prefix: pool.keyIdPrefix,
      pool_backend: pool.backend,
      pool_max_keys: `${pool.maxKeys}`,
      pool_min_active: `${pool.minActive}`,
    };
  }
  const { publicKey, nonce, oldPayloadHash } = allows;
  const old = { nonce: nonce.toString(), old_payload_hash: toHex(oldPayloadHash) };
  return { kind, network, account: accountId, public_key: publicKey, ...old };
}
