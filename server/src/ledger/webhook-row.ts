import { fromMillis, toMillis } from "@countersign/sql";
import type { Insertable, Kysely, Selectable } from "kysely";
import type { LedgerSchema } from "./schema.ts";
import type { WebhookTable } from "./schema-webhooks.ts";
import type { TerminalState } from "./types.ts";
import type { SealedSecret, Webhook } from "./webhook-types.ts";

/** All, or a tenant's, oldest first; none that was deleted. */
export async function readWebhooks(db: Kysely<LedgerSchema>, tenant?: string): Promise<Webhook[]> {
  const rows = await db
    .selectFrom("webhooks")
    .selectAll()
    .where("deleted_at", "is", null)
    .$if(tenant !== undefined, (q) => q.where("tenant", "=", tenant ?? ""))
    .orderBy("tenant")
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  return rows.map(toWebhook);
}

/** Undefined for one that was deleted. */
export async function readWebhook(db: Kysely<LedgerSchema>, id: string): Promise<Webhook | undefined> {
  const row = await db
    .selectFrom("webhooks")
    .selectAll()
    .where("id", "=", id)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
  return row === undefined ? undefined : toWebhook(row);
}

export function toRow(webhook: Webhook): Insertable<WebhookTable> {
  const { id, tenant, url, description, states, paused, secrets, createdAt } = webhook;
  return {
    id,
    tenant,
    url,
    description,
    states: states.join(" "),
    paused: paused ? 1n : 0n,
    secrets: secretsText(secrets),
    created_at: toMillis(createdAt, "createdAt"),
    deleted_at: null,
  };
}

/** The secrets as their column holds them. */
export function secretsText(secrets: readonly SealedSecret[]): string {
  return JSON.stringify(
    secrets.map(({ sealed, createdAt, expiresAt }) => ({
      sealed: Buffer.from(sealed).toString("base64"),
      created_at: createdAt.getTime(),
      expires_at: expiresAt?.getTime() ?? null,
    })),
  );
}

interface StoredSecret {
  readonly sealed: string;
  readonly created_at: number;
  readonly expires_at: number | null;
}

function toWebhook(row: Selectable<WebhookTable>): Webhook {
  const { id, tenant, url, description, states, paused, secrets, created_at } = row;
  return {
    id,
    tenant,
    url,
    description,
    states: states === "" ? [] : (states.split(" ") as TerminalState[]),
    paused: paused === 1n,
    secrets: (JSON.parse(secrets) as StoredSecret[]).map((secret) => ({
      sealed: Buffer.from(secret.sealed, "base64"),
      createdAt: new Date(secret.created_at),
      expiresAt: secret.expires_at === null ? null : new Date(secret.expires_at),
    })),
    createdAt: fromMillis(created_at),
  };
}
