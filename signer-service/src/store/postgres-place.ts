import { type Kysely, sql } from "kysely";
import type { SignerSchema } from "./schema.ts";
import { storeUnavailable } from "./store-kind.ts";

/** Where a connection to PostgreSQL leads. */
export interface PostgresPlace {
  /** The cluster, the database and the journal's table: a dump that is read in again makes new ones. */
  readonly table: string;
  /** Rises when a standby is promoted, and when a cluster is recovered up to a point in time. */
  readonly timeline: string;
}

/** Any user may ask. Throws SIGNER_STORE_UNAVAILABLE for a standby. */
export async function readPlace(db: Kysely<SignerSchema>): Promise<PostgresPlace> {
  const { rows } = await sql<{ table: string; timeline: string | null }>`
    select concat_ws('/',
        (select system_identifier from pg_control_system()),
        (select oid from pg_database where datname = current_database()),
        'journal_entries'::regclass::oid) as "table",
      case when not pg_is_in_recovery() then left(pg_walfile_name(pg_current_wal_lsn()), 8) end as timeline`.execute(
    db,
  );
  const [row] = rows;
  if (row?.timeline == null) throw storeUnavailable(new Error("this PostgreSQL is a standby"));
  return { table: row.table, timeline: row.timeline };
}

/** As the store keeps it. */
export function placeText({ table, timeline }: PostgresPlace): string {
  return `${table}/${timeline}`;
}

/** Whether only the timeline is another one. */
export function isPromotion(kept: string, { table }: PostgresPlace): boolean {
  return kept.slice(0, kept.lastIndexOf("/")) === table;
}
