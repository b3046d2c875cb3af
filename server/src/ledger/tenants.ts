import { isDeepStrictEqual } from "node:util";
import { fromMillis, toMillis } from "@countersign/sql";
import type { Kysely, Selectable, Transaction } from "kysely";
import type { AuditEvent } from "./audit-types.ts";
import type { Engine } from "./engine.ts";
import { change } from "./protection-changes.ts";
import type {
  ProtectionStore,
  Tenant,
  TenantChange,
  TenantConflict,
  TokenIssuer,
} from "./protection-types.ts";
import { replaceRelyingParties, signInFromText } from "./relying-parties.ts";
import type { LedgerSchema } from "./schema.ts";
import type { TenantTable } from "./schema-tenants.ts";
import { readIssuers, replaceIssuers } from "./token-issuers.ts";

export async function listTenants(db: Kysely<LedgerSchema>): Promise<Tenant[]> {
  const issuers = await readIssuers(db);
  const rows = await db.selectFrom("tenants").selectAll().orderBy("id").execute();
  return rows.map((row) => toTenant(row, issuers.get(row.id) ?? []));
}

async function findTenant(db: Kysely<LedgerSchema>, id: string): Promise<Tenant | undefined> {
  const row = await db.selectFrom("tenants").selectAll().where("id", "=", id).executeTakeFirst();
  if (row === undefined) return undefined;
  return toTenant(row, (await readIssuers(db, id)).get(id) ?? []);
}

export async function isTenant(db: Kysely<LedgerSchema>, id: string): Promise<boolean> {
  const row = await db.selectFrom("tenants").select("id").where("id", "=", id).executeTakeFirst();
  return row !== undefined;
}

function toTenant(row: Selectable<TenantTable>, tokenIssuers: readonly TokenIssuer[]): Tenant {
  return {
    id: row.id,
    displayName: row.display_name,
    disabled: row.disabled !== 0n,
    tokenIssuers,
    signIn: signInFromText(row.sign_in),
    version: row.version,
    createdAt: fromMillis(row.created_at),
  };
}

export function createTenant(
  engine: Engine,
  { id, displayName, createdAt }: Pick<Tenant, "id" | "displayName" | "createdAt">,
  audit: AuditEvent,
): ReturnType<ProtectionStore["createTenant"]> {
  return change(engine, async (trx, record) => {
    const known = await findTenant(trx, id);
    if (known !== undefined) {
      return { outcome: known.displayName === displayName ? "repeated" : "exists", tenant: known };
    }
    const tenant = {
      id,
      displayName,
      disabled: false,
      tokenIssuers: [],
      signIn: null,
      version: 1n,
      createdAt,
    };
    await trx
      .insertInto("tenants")
      .values({
        id,
        display_name: displayName,
        disabled: 0n,
        version: tenant.version,
        created_at: toMillis(createdAt, "createdAt"),
      })
      .execute();
    await record(audit);
    return { outcome: "created", tenant };
  });
}

/** Leaves the transaction with nothing written. */
class Conflict extends Error {
  readonly outcome: TenantConflict;

  constructor(outcome: TenantConflict) {
    super(outcome);
    this.outcome = outcome;
  }
}

export async function updateTenant(
  engine: Engine,
  id: string,
  expectedVersion: bigint,
  changes: TenantChange,
  audit: AuditEvent,
): ReturnType<ProtectionStore["updateTenant"]> {
  try {
    return await change(engine, async (trx, record) => {
      const known = await findTenant(trx, id);
      if (known === undefined) return { outcome: "not-found" };
      const changed = { ...known, ...changes };
      if (known.version === expectedVersion + 1n && isDeepStrictEqual(known, changed)) {
        return { outcome: "updated", tenant: known };
      }
      if (known.version !== expectedVersion) return { outcome: "version-conflict" };
      const tenant = { ...changed, version: expectedVersion + 1n };
      await writeTenant(trx, tenant, changes);
      await record(audit);
      return { outcome: "updated", tenant };
    });
  } catch (error) {
    if (error instanceof Conflict) return { outcome: error.outcome };
    throw error;
  }
}

async function writeTenant(
  trx: Transaction<LedgerSchema>,
  { id, displayName, disabled, signIn, version }: Tenant,
  changes: TenantChange,
): Promise<void> {
  await trx
    .updateTable("tenants")
    .set({
      display_name: displayName,
      disabled: disabled ? 1n : 0n,
      sign_in: signIn === null ? null : JSON.stringify(signIn),
      version,
    })
    .where("id", "=", id)
    .execute();
  const { tokenIssuers } = changes;
  if (tokenIssuers !== undefined && !(await replaceIssuers(trx, id, tokenIssuers))) {
    throw new Conflict("issuer-conflict");
  }
  if (changes.signIn === undefined) return;
  const ids = (signIn?.relyingParties ?? []).map((party) => party.id);
  if (!(await replaceRelyingParties(trx, id, ids))) throw new Conflict("relying-party-conflict");
}
