import type { BytesType } from "@countersign/sql";
import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";
import { createAppSessions } from "./migration-app-sessions.ts";
import { createAudit } from "./migration-audit.ts";
import { createBudgets } from "./migration-budgets.ts";
import { addCallerCredential } from "./migration-caller-credential.ts";
import { createKeyOperations } from "./migration-key-operations.ts";
import { addOrderingGroup } from "./migration-ordering.ts";
import { indexPendingDeliveries } from "./migration-pending-deliveries.ts";
import { addRefreshFamilies } from "./migration-refresh-families.ts";
import { addSignIn } from "./migration-sign-in.ts";
import { createTenants } from "./migration-tenants.ts";
import { createUsers } from "./migration-users.ts";
import { createWebhooks } from "./migration-webhooks.ts";

/** By name, in order. A migration that was released is never changed: another one follows it. */
export function migrations(bytes: BytesType): Record<string, Migration> {
  return {
    "0001_submissions": {
      up: async (db) => {
        await createSubmissions(db, bytes);
        await createOnceOnlyMarks(db, bytes);
        await createLanes(db, bytes);
      },
    },
    "0002_protection": {
      up: async (db) => {
        await createTenants(db, bytes);
        await createBudgets(db);
        await createAudit(db, bytes);
      },
    },
    "0003_caller_credential": { up: addCallerCredential },
    "0004_users": { up: (db) => createUsers(db, bytes) },
    "0005_app_sessions": { up: (db) => createAppSessions(db, bytes) },
    "0006_sign_in": { up: addSignIn },
    "0007_refresh_families": { up: (db) => addRefreshFamilies(db, bytes) },
    "0008_ordering": { up: addOrderingGroup },
    "0009_webhooks": { up: createWebhooks },
    "0010_key_operations": { up: createKeyOperations },
    "0011_pending_deliveries": { up: indexPendingDeliveries },
  };
}

async function createSubmissions(db: Kysely<unknown>, bytes: BytesType): Promise<void> {
  await db.schema
    .createTable("submissions")
    .addColumn("id", "text", (c) => c.primaryKey().notNull())
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("caller", "text", (c) => c.notNull())
    .addColumn("kind", "text", (c) => c.notNull())
    .addColumn("state", "text", (c) => c.notNull())
    .addColumn("version", "bigint", (c) => c.notNull())
    .addColumn("network", "text", (c) => c.notNull())
    .addColumn("account_id", "text", (c) => c.notNull())
    .addColumn("receiver_id", "text", (c) => c.notNull())
    .addColumn("delegate_hash", "text")
    .addColumn("payload", sql.raw(bytes), (c) => c.notNull())
    .addColumn("required_relayer", "text")
    .addColumn("exclusive_account", "text")
    .addColumn("expires_at_height", "bigint")
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("terminal_at", "bigint")
    .addColumn("lane_id", "bigint")
    .addColumn("nonce", "bigint")
    .addColumn("transaction_hash", "text")
    .addColumn("block_hash", "text")
    .addColumn("gas_burnt", "bigint")
    .addColumn("tokens_burnt", "text")
    .addColumn("deposit", "text")
    .addColumn("failure_reason", "text")
    .addColumn("failure_message", "text")
    .addColumn("failure_chain_error", "text")
    .execute();
  const indexes = [
    // One open submission for an account that says so.
    sql`create unique index submissions_exclusive on submissions (network, exclusive_account)
        where exclusive_account is not null and terminal_at is null`,
    // Lists, newest first. None names the state, which changes often.
    sql`create index submissions_by_tenant on submissions (tenant, created_at, id)`,
    sql`create index submissions_by_caller on submissions (tenant, caller, created_at, id)`,
    sql`create index submissions_by_account on submissions (tenant, account_id, created_at, id)`,
    // What is rare. SQLite prefers these to the ones above because they come later.
    sql`create index submissions_failed on submissions (tenant, created_at, id)
        where failure_reason is not null`,
    sql`create index submissions_open on submissions (tenant, created_at, id) where terminal_at is null`,
    // A lane's work. Like the one above, they stay as small as the queue, whatever the table grows to.
    sql`create index submissions_unclaimed on submissions (network, created_at, id)
        where lane_id is null and terminal_at is null`,
    sql`create index submissions_in_lane on submissions (lane_id, nonce)
        where lane_id is not null and terminal_at is null`,
  ];
  for (const index of indexes) await index.execute(db);

  await db.schema
    .createTable("transitions")
    .addColumn("submission_id", "text", (c) => c.notNull())
    .addColumn("seq", "bigint", (c) => c.notNull())
    .addColumn("state", "text", (c) => c.notNull())
    .addColumn("at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("transitions_pk", ["submission_id", "seq"])
    .execute();
}

/** What may happen at most once: a call with its idempotency key, and a delegate by its nonce and its hash. */
async function createOnceOnlyMarks(db: Kysely<unknown>, bytes: BytesType): Promise<void> {
  await db.schema
    .createTable("idempotency")
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("caller", "text", (c) => c.notNull())
    .addColumn("method", "text", (c) => c.notNull())
    .addColumn("key", "text", (c) => c.notNull())
    .addColumn("body_hash", sql.raw(bytes), (c) => c.notNull())
    .addColumn("submission_id", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("idempotency_pk", ["tenant", "caller", "method", "key"])
    .execute();

  await db.schema
    .createTable("replay_marks")
    .addColumn("network", "text", (c) => c.notNull())
    .addColumn("sender_id", "text", (c) => c.notNull())
    .addColumn("public_key", "text", (c) => c.notNull())
    .addColumn("nonce", "bigint", (c) => c.notNull())
    .addColumn("delegate_hash", "text", (c) => c.notNull())
    .addColumn("max_block_height", "bigint", (c) => c.notNull())
    .addColumn("submission_id", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("replay_marks_pk", ["network", "sender_id", "public_key", "nonce"])
    .addUniqueConstraint("replay_marks_hash", ["network", "delegate_hash"])
    .execute();
  await sql`create index replay_marks_expiry on replay_marks (network, max_block_height)`.execute(db);
}

async function createLanes(db: Kysely<unknown>, bytes: BytesType): Promise<void> {
  await db.schema
    .createTable("lanes")
    .addColumn("id", "bigint", (c) => c.primaryKey())
    .addColumn("network", "text", (c) => c.notNull())
    .addColumn("account_id", "text", (c) => c.notNull())
    .addColumn("public_key", "text", (c) => c.notNull())
    .addColumn("key_id", "text", (c) => c.notNull())
    .addColumn("next_nonce", "bigint", (c) => c.notNull())
    .addColumn("lease_owner", "text")
    .addColumn("lease_epoch", "bigint", (c) => c.notNull())
    .addColumn("lease_until", "bigint", (c) => c.notNull())
    .addUniqueConstraint("lanes_key", ["network", "account_id", "public_key"])
    .execute();

  await db.schema
    .createTable("attempts")
    .addColumn("lane_id", "bigint", (c) => c.notNull())
    .addColumn("nonce", "bigint", (c) => c.notNull())
    .addColumn("submission_id", "text", (c) => c.notNull())
    .addColumn("transaction_hash", "text", (c) => c.notNull())
    .addColumn("signed_transaction", sql.raw(bytes), (c) => c.notNull())
    .addColumn("block_hash_height", "bigint", (c) => c.notNull())
    .addColumn("signed_at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("attempts_pk", ["lane_id", "nonce"])
    .addUniqueConstraint("attempts_hash", ["transaction_hash"])
    .execute();
}
