import { openEngine } from "@countersign/sql";
import { type Kysely, sql } from "kysely";
import type { OpenedStore, StoreOptions } from "./opened-store.ts";
import { PostgresLife } from "./postgres-life.ts";
import type { SignerSchema } from "./schema.ts";
import { SIGNER_STORE } from "./store-kind.ts";
import type { StoreConfig } from "./store-schema.ts";

/** Opens a store that several signers may share. */
export async function openPostgresStore(config: StoreConfig, options: StoreOptions): Promise<OpenedStore> {
  const life = new PostgresLife(config.synchronousStandby, options);
  const kind = { ...SIGNER_STORE, onConnection: (db: Kysely<SignerSchema>) => life.look(db) };
  const engine = await openEngine<SignerSchema>(config.url.reveal(), kind);
  try {
    return { engine, witness: life, warnings: await engine.read(failoverWarnings) };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** What a failover of this server could lose. */
async function failoverWarnings(db: Kysely<SignerSchema>): Promise<string[]> {
  const { rows } = await sql<{ commit: string; standbys: string }>`
    select current_setting('synchronous_commit') as commit,
      current_setting('synchronous_standby_names') as standbys`.execute(db);
  const { commit = "", standbys = "" } = rows[0] ?? {};
  const lost =
    "a failover could lose journal entries, and threshold nonces and sessions that were used: the journal then locks " +
    "until floors are read again, and threshold sessions end";
  const warnings = [];
  if (standbys === "") warnings.push(`PostgreSQL has no synchronous_standby_names; ${lost}`);
  if (commit !== "on" && commit !== "remote_apply") {
    warnings.push(`PostgreSQL runs with synchronous_commit ${commit}; ${lost}`);
  }
  return warnings;
}
