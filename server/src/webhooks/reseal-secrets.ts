import type { Webhook, WebhookStore } from "../ledger/webhook-types.ts";
import type { SecretSealer } from "./secret-sealer.ts";

/** Brings all secrets under the key that seals now, so that the others can be taken away. Rejects when the ledger does. */
export async function resealSecrets(
  sealer: SecretSealer,
  store: Pick<WebhookStore, "resealWebhook">,
  webhooks: readonly Webhook[],
): Promise<void> {
  for (const webhook of webhooks) {
    const { id, secrets } = webhook;
    const resealed = secrets.map((secret) => {
      if (sealer.isCurrent(id, secret.sealed)) return secret;
      const opened = sealer.open(id, secret.sealed);
      return opened === undefined ? secret : { ...secret, sealed: sealer.seal(id, opened) };
    });
    if (resealed.some((secret, i) => secret !== secrets[i])) await store.resealWebhook(webhook, resealed);
  }
}
