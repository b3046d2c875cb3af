import { whole } from "@countersign/sql";
import type { Kysely, Selectable, Transaction } from "kysely";
import type { TokenIssuer } from "./protection-types.ts";
import type { LedgerSchema } from "./schema.ts";
import type { TokenIssuerTable } from "./schema-tenants.ts";

/** The token issuers of every tenant, or of one, by tenant and each in its order. */
export async function readIssuers(
  db: Kysely<LedgerSchema>,
  tenant?: string,
): Promise<Map<string, TokenIssuer[]>> {
  const rows = await db
    .selectFrom("token_issuers")
    .selectAll()
    .$if(tenant !== undefined, (q) => q.where("tenant", "=", tenant ?? ""))
    .orderBy("tenant")
    .orderBy("position")
    .execute();
  const byTenant = new Map<string, TokenIssuer[]>();
  for (const row of rows) {
    const issuers = byTenant.get(row.tenant) ?? [];
    byTenant.set(row.tenant, issuers);
    issuers.push(toIssuer(row));
  }
  return byTenant;
}

function toIssuer(row: Selectable<TokenIssuerTable>): TokenIssuer {
  return {
    issuer: row.issuer,
    audience: row.audience,
    jwksUri: row.jwks_uri,
    jwksJson: row.jwks_json,
    algorithms: JSON.parse(row.algorithms),
    clockSkewSeconds: Number(row.clock_skew_seconds),
    scopes: JSON.parse(row.scopes),
    subjectPrefix: row.subject_prefix,
  };
}

/**
 * Replaces a tenant's token issuers. False when an issuer with its audience is another tenant's or is named twice:
 * then the transaction must be undone.
 */
export async function replaceIssuers(
  trx: Transaction<LedgerSchema>,
  tenant: string,
  issuers: readonly TokenIssuer[],
): Promise<boolean> {
  await trx.deleteFrom("token_issuers").where("tenant", "=", tenant).execute();
  if (issuers.length === 0) return true;
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto("token_issuers")
    .values(
      issuers.map((issuer, i) => ({
        issuer: issuer.issuer,
        audience: issuer.audience,
        tenant,
        position: BigInt(i),
        jwks_uri: issuer.jwksUri,
        jwks_json: issuer.jwksJson,
        algorithms: JSON.stringify(issuer.algorithms),
        clock_skew_seconds: whole(issuer.clockSkewSeconds, "clockSkewSeconds"),
        scopes: JSON.stringify(issuer.scopes),
        subject_prefix: issuer.subjectPrefix,
      })),
    )
    .onConflict((oc) => oc.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === BigInt(issuers.length);
}
