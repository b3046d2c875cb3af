import type { Webhook, WebhookStore } from "../../ledger/ledger.ts";
import { webhookNotFound } from "./webhook-errors.ts";

/** The tenant's webhook, as the ledger has it now. Throws WEBHOOK_NOT_FOUND. */
export async function findWebhook(
  ledger: Pick<WebhookStore, "listWebhooks">,
  tenant: string,
  id: string,
): Promise<Webhook> {
  const found = (await ledger.listWebhooks(tenant)).find((webhook) => webhook.id === id);
  if (found === undefined) throw webhookNotFound(tenant, id);
  return found;
}
