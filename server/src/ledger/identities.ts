import { toMillis, whole } from "@countersign/sql";
import type { Kysely, Transaction } from "kysely";
import type { PasskeyUse } from "../session/ports.ts";
import { insertAudit } from "./audit-events.ts";
import type { AuditEvent } from "./audit-types.ts";
import type { Engine } from "./engine.ts";
import type { LedgerSchema } from "./schema.ts";
import { readIdentity, readUser } from "./user-rows.ts";
import { MAX_IDENTITIES, type NewIdentity, type UserStore } from "./user-types.ts";

/**
 * Stores an identity for a user. Undefined when it is stored, else the id of the one that is there already: of two that
 * are stored at the same time, one waits for the other's commit here.
 */
export async function insertIdentity(
  trx: Transaction<LedgerSchema>,
  tenant: string,
  userId: string,
  identity: NewIdentity,
): Promise<string | undefined> {
  for (;;) {
    if (await claimIdentity(trx, tenant, identity)) break;
    const known = await knownIdentity(trx, tenant, identity);
    // Undefined when the other one was taken away again in between.
    if (known !== undefined) return known;
  }
  await trx
    .insertInto("identities")
    .values({
      id: identity.id,
      tenant,
      user_id: userId,
      created_at: toMillis(identity.createdAt, "createdAt"),
    })
    .execute();
  return undefined;
}

/** The row that is there once. False when another identity has it. */
async function claimIdentity(
  trx: Transaction<LedgerSchema>,
  tenant: string,
  { id, kind }: NewIdentity,
): Promise<boolean> {
  if (kind.case === "provider") {
    const { providerId, issuer, subject } = kind.account;
    const { numInsertedOrUpdatedRows } = await trx
      .insertInto("provider_accounts")
      .values({ tenant, issuer, subject, identity_id: id, provider_id: providerId })
      .onConflict((oc) => oc.columns(["tenant", "issuer", "subject"]).doNothing())
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }
  const { credentialId, publicKey, rpId, name, backedUp, transports } = kind.passkey;
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto("passkeys")
    .values({
      tenant,
      credential_id: credentialId,
      identity_id: id,
      public_key: publicKey,
      rp_id: rpId,
      name,
      counter: whole(kind.counter, "counter"),
      backed_up: backedUp ? 1n : 0n,
      transports: JSON.stringify(transports),
    })
    .onConflict((oc) => oc.columns(["tenant", "credential_id"]).doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

async function knownIdentity(
  db: Kysely<LedgerSchema>,
  tenant: string,
  { kind }: NewIdentity,
): Promise<string | undefined> {
  const row =
    kind.case === "provider"
      ? await db
          .selectFrom("provider_accounts")
          .select("identity_id")
          .where("tenant", "=", tenant)
          .where("issuer", "=", kind.account.issuer)
          .where("subject", "=", kind.account.subject)
          .executeTakeFirst()
      : await db
          .selectFrom("passkeys")
          .select("identity_id")
          .where("tenant", "=", tenant)
          .where("credential_id", "=", kind.passkey.credentialId)
          .executeTakeFirst();
  return row?.identity_id;
}

/** Makes changes of the user's identities run one after another. False when there is no such user any more. */
export async function lockUser(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  tenant: string,
  userId: string,
): Promise<boolean> {
  const row = await trx
    .selectFrom("users")
    .select("merged_into")
    .where("tenant", "=", tenant)
    .where("id", "=", userId)
    .$if(engine.locksRows, (q) => q.forUpdate())
    .executeTakeFirst();
  return row !== undefined && row.merged_into === null;
}

export function addIdentity(
  engine: Engine,
  tenant: string,
  userId: string,
  identity: NewIdentity,
  audit: AuditEvent,
): ReturnType<UserStore["addIdentity"]> {
  return engine.write(async (trx) => {
    if (!(await lockUser(engine, trx, tenant, userId))) return { outcome: "user-gone" };
    const known = await knownIdentity(trx, tenant, identity);
    const isFull = (await countIdentities(trx, tenant, userId)) >= MAX_IDENTITIES;
    if (known === undefined && isFull) return { outcome: "too-many" };
    const existing = known ?? (await insertIdentity(trx, tenant, userId, identity));
    if (existing !== undefined) {
      const { userId: ownerId, identity: theirs } = await readIdentity(trx, existing);
      return { outcome: "identity-exists", ownerId, identity: theirs };
    }
    await insertAudit(trx, [audit]);
    return { outcome: "added", identity: (await readIdentity(trx, identity.id)).identity };
  });
}

export async function countIdentities(
  db: Kysely<LedgerSchema>,
  tenant: string,
  userId: string,
): Promise<number> {
  const { count } = await db
    .selectFrom("identities")
    .select((eb) => eb.fn.countAll<bigint>().as("count"))
    .where("tenant", "=", tenant)
    .where("user_id", "=", userId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

export function removeIdentity(
  engine: Engine,
  tenant: string,
  userId: string,
  identityId: string,
  audit: AuditEvent,
): ReturnType<UserStore["removeIdentity"]> {
  return engine.write(async (trx) => {
    if (!(await lockUser(engine, trx, tenant, userId))) return { outcome: "user-gone" };
    const row = await trx
      .selectFrom("identities")
      .select("id")
      .where("id", "=", identityId)
      .where("tenant", "=", tenant)
      .where("user_id", "=", userId)
      .executeTakeFirst();
    if (row === undefined) return { outcome: "not-found" };
    if ((await countIdentities(trx, tenant, userId)) === 1) return { outcome: "last" };
    await trx.deleteFrom("passkeys").where("identity_id", "=", identityId).execute();
    await trx.deleteFrom("provider_accounts").where("identity_id", "=", identityId).execute();
    await trx.deleteFrom("identities").where("id", "=", identityId).execute();
    await insertAudit(trx, [audit]);
    const user = await readUser(trx, tenant, userId);
    return user === undefined ? { outcome: "user-gone" } : { outcome: "removed", user };
  });
}

export function notePasskeyUse(
  engine: Engine,
  tenant: string,
  credentialId: Uint8Array,
  { counter, backedUp }: PasskeyUse,
  audit: AuditEvent,
): Promise<boolean> {
  const value = whole(counter, "counter");
  const flag = backedUp ? 1n : 0n;
  return engine.write(async (trx) => {
    const row = await trx
      .selectFrom("passkeys")
      .select(["counter", "backed_up"])
      .where("tenant", "=", tenant)
      .where("credential_id", "=", credentialId)
      .$if(engine.locksRows, (q) => q.forUpdate())
      .executeTakeFirst();
    if (row === undefined || (value <= row.counter && (value > 0n || row.counter > 0n))) {
      await insertAudit(trx, [audit]);
      return false;
    }
    if (value === row.counter && flag === row.backed_up) return true;
    await trx
      .updateTable("passkeys")
      .set({ counter: value, backed_up: flag })
      .where("tenant", "=", tenant)
      .where("credential_id", "=", credentialId)
      .execute();
    return true;
  });
}
