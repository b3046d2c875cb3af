import type { Engine } from "./engine.ts";
import {
  claimDeliveries,
  deliveryStats,
  dueWebhooks,
  listDeliveries,
  recordAttempts,
  redriveDeliveries,
} from "./webhook-deliveries.ts";
import { pruneDeliveries } from "./webhook-pruning.ts";
import { readWebhooks } from "./webhook-row.ts";
import type { WebhookStore } from "./webhook-types.ts";
import {
  createWebhook,
  deleteWebhook,
  resealWebhook,
  rotateWebhookSecret,
  updateWebhook,
} from "./webhooks.ts";

/** Operators' changes are urgent, as all that the directory follows. */
export function webhookStoreOver(engine: Engine): Omit<WebhookStore, "setWebhookTenants"> {
  const { urgent } = engine;
  return {
    createWebhook: (webhook, limit, repeat, audit) => createWebhook(urgent, webhook, limit, repeat, audit),
    listWebhooks: (tenant) => urgent.read((db) => readWebhooks(db, tenant)),
    updateWebhook: (tenant, id, change, audit) => updateWebhook(urgent, tenant, id, change, audit),
    rotateWebhookSecret: (...rotation) => rotateWebhookSecret(urgent, ...rotation),
    resealWebhook: (before, secrets) => engine.write((trx) => resealWebhook(trx, before, secrets)),
    deleteWebhook: (tenant, id, at, audit) => deleteWebhook(urgent, tenant, id, at, audit),

    dueWebhooks: (now) => engine.read((db) => dueWebhooks(db, now)),
    claimDeliveries: (wanted, now, until) =>
      engine.write((trx) => claimDeliveries(engine, trx, wanted, now, until)),
    recordAttempts: (results) => engine.write((trx) => recordAttempts(trx, results)),
    listDeliveries: (query) => engine.read((db) => listDeliveries(db, query)),
    redriveDeliveries: (...redrive) => engine.write((trx) => redriveDeliveries(trx, ...redrive)),
    pruneDeliveries: (before) => engine.write((trx) => pruneDeliveries(trx, before)),
    deliveryStats: () => engine.read(deliveryStats),
  };
}
