import { toMillis } from "@countersign/sql";
import type { Transaction } from "kysely";
import { earlierCall, noteCall } from "./admin-calls.ts";
import type { AuditEvent } from "./audit-types.ts";
import type { Engine } from "./engine.ts";
import { change } from "./protection-changes.ts";
import type { CallIdentity } from "./protection-types.ts";
import type { LedgerSchema } from "./schema.ts";
import { isTenant } from "./tenants.ts";
import { readWebhook, readWebhooks, secretsText, toRow } from "./webhook-row.ts";
import type { SealedSecret, Webhook, WebhookChange, WebhookStore } from "./webhook-types.ts";

export function createWebhook(
  engine: Engine,
  webhook: Webhook,
  limit: number,
  repeat: CallIdentity | null,
  audit: AuditEvent,
): ReturnType<WebhookStore["createWebhook"]> {
  return change(engine, async (trx, record) => {
    const earlier = await earlierCall(trx, repeat);
    if (earlier === "other") return { outcome: "key-reused" };
    if (earlier !== undefined) {
      const known = await readWebhook(trx, earlier.keyId);
      return known === undefined ? { outcome: "gone" } : { outcome: "repeated", webhook: known };
    }
    if (!(await isTenant(trx, webhook.tenant))) return { outcome: "tenant-not-found" };
    if ((await readWebhooks(trx, webhook.tenant)).length >= limit) return { outcome: "limit-reached" };
    await trx.insertInto("webhooks").values(toRow(webhook)).execute();
    await noteCall(trx, repeat, webhook.id);
    await record(audit);
    return { outcome: "created", webhook };
  });
}

export function updateWebhook(
  engine: Engine,
  tenant: string,
  id: string,
  changed: WebhookChange,
  audit: AuditEvent,
): Promise<Webhook | undefined> {
  return change(engine, async (trx, record) => {
    const before = await webhookOf(trx, tenant, id);
    if (before === undefined) return undefined;
    const after = { ...before, ...changed };
    const { url, description, states, paused } = toRow(after);
    const row = toRow(before);
    const isSame =
      row.url === url && row.description === description && row.states === states && row.paused === paused;
    if (isSame) return before;
    await trx
      .updateTable("webhooks")
      .set({ url, description, states, paused })
      .where("id", "=", id)
      .execute();
    await record(audit);
    return after;
  });
}

export function rotateWebhookSecret(
  engine: Engine,
  tenant: string,
  id: string,
  secret: SealedSecret,
  othersExpireAt: Date,
  limit: number,
  repeat: CallIdentity | null,
  audit: AuditEvent,
): ReturnType<WebhookStore["rotateWebhookSecret"]> {
  return change(engine, async (trx, record) => {
    const earlier = await earlierCall(trx, repeat);
    if (earlier === "other") return { outcome: "key-reused" };
    const before = await webhookOf(trx, tenant, id);
    if (before === undefined) return { outcome: "not-found" };
    if (earlier !== undefined) return { outcome: "repeated", webhook: before };
    const now = secret.createdAt;
    const others = before.secrets
      .filter(({ expiresAt }) => expiresAt === null || expiresAt > now)
      .map((other) => ({ ...other, expiresAt: earliest(other.expiresAt, othersExpireAt) }));
    if (others.length > limit) return { outcome: "full" };
    const secrets = [secret, ...others];
    await trx
      .updateTable("webhooks")
      .set({ secrets: secretsText(secrets) })
      .where("id", "=", id)
      .execute();
    await noteCall(trx, repeat, id);
    await record(audit);
    return { outcome: "rotated", webhook: { ...before, secrets } };
  });
}

/** Raises no revision: what others know of the secrets still holds. */
export async function resealWebhook(
  trx: Transaction<LedgerSchema>,
  before: Webhook,
  secrets: readonly SealedSecret[],
): Promise<void> {
  await trx
    .updateTable("webhooks")
    .set({ secrets: secretsText(secrets) })
    .where("id", "=", before.id)
    .where("secrets", "=", secretsText(before.secrets))
    .execute();
}

export function deleteWebhook(
  engine: Engine,
  tenant: string,
  id: string,
  at: Date,
  audit: AuditEvent,
): Promise<Webhook | undefined> {
  return change(engine, async (trx, record) => {
    const before = await webhookOf(trx, tenant, id);
    if (before === undefined) return undefined;
    await trx
      .updateTable("webhooks")
      .set({ deleted_at: toMillis(at, "at"), secrets: "[]" })
      .where("id", "=", id)
      .execute();
    await record(audit);
    return before;
  });
}

async function webhookOf(
  trx: Transaction<LedgerSchema>,
  tenant: string,
  id: string,
): Promise<Webhook | undefined> {
  const found = await readWebhook(trx, id);
  return found?.tenant === tenant ? found : undefined;
}

function earliest(a: Date | null, b: Date): Date {
  return a !== null && a < b ? a : b;
}
