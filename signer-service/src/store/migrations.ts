import type { BytesType } from "@countersign/sql";
import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";
import { createEcdsa } from "./ecdsa-migration.ts";
import { createKeyPools } from "./key-pool-migration.ts";
import { createLockKeys } from "./lock-migration.ts";
import { createThreshold } from "./threshold-migration.ts";

/** By name, in order. A migration that was released is never changed: another one follows it. */
export function signerMigrations(bytes: BytesType): Record<string, Migration> {
  return {
    "0001_signer": {
      up: async (db) => {
        await createKeys(db);
        await createJournal(db);
        await createGrants(db);
        await createChains(db);
      },
    },
    "0002_threshold": { up: createThreshold },
    "0003_ecdsa": { up: (db) => createEcdsa(db, bytes) },
    "0004_lock_keys": { up: createLockKeys },
    "0005_key_pools": { up: createKeyPools },
  };
}

async function createKeys(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("store_identity")
    .addColumn("id", "bigint", (c) => c.primaryKey().notNull())
    .addColumn("incarnation", "text", (c) => c.notNull())
    .addColumn("place", "text", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("key_records")
    .addColumn("public_key", "text", (c) => c.primaryKey().notNull())
    .addColumn("key_id", "text", (c) => c.notNull())
    .addColumn("network", "text", (c) => c.notNull())
    .addColumn("account_id", "text", (c) => c.notNull())
    .addColumn("backend", "text", (c) => c.notNull())
    .addColumn("reference", "text", (c) => c.notNull())
    .addColumn("state", "text", (c) => c.notNull())
    .addColumn("pause_reason", "text")
    .addColumn("nonce_floor", "text")
    .addColumn("highest_nonce", "text")
    .addColumn("spent_day", "bigint", (c) => c.notNull().defaultTo(0))
    .addColumn("spent_deposit", "text", (c) => c.notNull().defaultTo("0"))
    .addColumn("spent_gas", "text", (c) => c.notNull().defaultTo("0"))
    .addUniqueConstraint("key_records_key_id", ["key_id"])
    .execute();
}

async function createJournal(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("journal_entries")
    .addColumn("sequence", "bigint", (c) => c.primaryKey().notNull())
    .addColumn("at", "bigint", (c) => c.notNull())
    .addColumn("network", "text", (c) => c.notNull())
    .addColumn("account_id", "text", (c) => c.notNull())
    .addColumn("public_key", "text", (c) => c.notNull())
    .addColumn("nonce", "text", (c) => c.notNull())
    .addColumn("payload_hash", "text", (c) => c.notNull())
    .addColumn("purpose", "text", (c) => c.notNull())
    .addColumn("grant_id", "text", (c) => c.notNull())
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("submission_id", "text", (c) => c.notNull())
    .addColumn("deposit", "text", (c) => c.notNull())
    .addColumn("gas", "text", (c) => c.notNull())
    .addColumn("request_id", "text", (c) => c.notNull())
    .addColumn("peer", "text", (c) => c.notNull())
    .addColumn("supersedes", "bigint", (c) => c.notNull())
    .addColumn("hash", "text", (c) => c.notNull())
    .addColumn("signature", "text")
    .addColumn("superseded_by", "bigint")
    .execute();
  // The rule that everything else rests on: a nonce of a key has one payload.
  await sql`create unique index journal_entries_nonce on journal_entries (public_key, nonce)
    where superseded_by is null`.execute(db);
}

async function createGrants(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("used_grants")
    .addColumn("id", "text", (c) => c.primaryKey().notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .execute();
  await sql`create index used_grants_expiry on used_grants (expires_at)`.execute(db);
  await db.schema
    .createTable("request_nonces")
    .addColumn("key_id", "text", (c) => c.notNull())
    .addColumn("nonce", "text", (c) => c.notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("request_nonces_pk", ["key_id", "nonce"])
    .execute();
  await sql`create index request_nonces_expiry on request_nonces (expires_at)`.execute(db);
  await db.schema
    .createTable("admin_grants")
    .addColumn("id", "text", (c) => c.primaryKey().notNull())
    .addColumn("audience", "text", (c) => c.notNull())
    .addColumn("not_before", "bigint", (c) => c.notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .addColumn("kind", "text", (c) => c.notNull())
    .addColumn("allows", "text", (c) => c.notNull())
    .addColumn("grant_bytes", "text", (c) => c.notNull())
    .addColumn("admin_key_id", "text", (c) => c.notNull())
    .addColumn("signature", "text", (c) => c.notNull())
    .addColumn("revoked", "bigint", (c) => c.notNull())
    .addColumn("used", "bigint", (c) => c.notNull())
    .execute();
}

async function createChains(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("audit_entries")
    .addColumn("sequence", "bigint", (c) => c.primaryKey().notNull())
    .addColumn("at", "bigint", (c) => c.notNull())
    .addColumn("kind", "text", (c) => c.notNull())
    .addColumn("actor", "text", (c) => c.notNull())
    .addColumn("key_id", "text", (c) => c.notNull())
    .addColumn("detail", "text", (c) => c.notNull())
    .addColumn("hash", "text", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("chain_heads")
    .addColumn("chain", "text", (c) => c.primaryKey().notNull())
    .addColumn("sequence", "bigint", (c) => c.notNull())
    .addColumn("hash", "text", (c) => c.notNull())
    .execute();
  const empty = "0".repeat(64);
  await sql`insert into chain_heads (chain, sequence, hash)
    values ('journal', 0, ${sql.lit(empty)}), ('audit', 0, ${sql.lit(empty)})`.execute(db);
}
