import type { Transaction } from "kysely";
import type { SignInSettings } from "../session/ports.ts";
import type { LedgerSchema } from "./schema.ts";

/** Settings as the ledger keeps them. */
export function signInFromText(text: string | null): SignInSettings | null {
  return text === null ? null : JSON.parse(text);
}

/**
 * Replaces a tenant's relying parties. False when one of them is another tenant's or is named twice: then the
 * transaction must be undone.
 */
export async function replaceRelyingParties(
  trx: Transaction<LedgerSchema>,
  tenant: string,
  ids: readonly string[],
): Promise<boolean> {
  await trx.deleteFrom("relying_parties").where("tenant", "=", tenant).execute();
  if (ids.length === 0) return true;
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto("relying_parties")
    .values(ids.map((id) => ({ id, tenant })))
    .onConflict((oc) => oc.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === BigInt(ids.length);
}
