import { toMillis } from "@countersign/sql";
import type { Transaction } from "kysely";
import { toHex } from "../chain/hash-text.ts";
import { RowsStatement } from "../store/rows-statement.ts";
import type { SignerSchema } from "../store/schema.ts";
import type { JournalRequest } from "./journal.ts";

const claimOf = new RowsStatement<{ id: string }>((db, rows) =>
  db
    .insertInto("used_grants")
    .values(Array(rows).fill({ id: "", expires_at: 0n }))
    .onConflict((oc) => oc.doNothing())
    .returning("id"),
);

/** Marks the grants of a call as used; answers the ids, in hexadecimal digits, that nobody had presented before. */
export async function claimGrants(
  trx: Transaction<SignerSchema>,
  requests: readonly JournalRequest[],
): Promise<Set<string>> {
  const expiries = new Map<string, bigint>();
  for (const { grant } of requests) {
    if (grant !== null) expiries.set(toHex(grant.id), toMillis(grant.expiresAt, "expiry of a grant"));
  }
  // One order for all: two calls with the same grants must not wait for each other.
  const rows = [...expiries].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Set((await claimOf.run(trx, rows)).map(({ id }) => id));
}
