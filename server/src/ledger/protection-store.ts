import { keysNotEndedBy, listApiKeys } from "./api-key-row.ts";
import { createApiKey, revokeApiKey, rotateApiKey, touchApiKeys } from "./api-keys.ts";
import { currentDocuments, getDocument, putDocument } from "./documents.ts";
import type { Engine } from "./engine.ts";
import { deletePause, listPauses, putPause } from "./pauses.ts";
import { currentRevision } from "./protection-changes.ts";
import type { ProtectionSnapshot, ProtectionStore } from "./protection-types.ts";
import { createTenant, listTenants, updateTenant } from "./tenants.ts";
import { readWebhooks } from "./webhook-row.ts";

/** For how long a key that has ended is told apart from one that there never was. */
const ENDED_KEYS_MS = 90 * 24 * 60 * 60 * 1000;

/** Urgent, all but what nobody waits for: a flood of calls must not delay what may stop it. */
export function protectionStoreOver(engine: Engine, now: () => Date): ProtectionStore {
  const { urgent } = engine;
  return {
    revision: () => urgent.read(currentRevision),
    snapshot: () => snapshot(urgent, now()),
    createTenant: (tenant, audit) => createTenant(urgent, tenant, audit),
    updateTenant: (id, version, change, audit) => updateTenant(urgent, id, version, change, audit),
    createApiKey: (key, repeat, audit) => createApiKey(urgent, key, repeat, audit),
    rotateApiKey: (oldId, oldExpiresAt, successor, repeat, audit) =>
      rotateApiKey(urgent, oldId, oldExpiresAt, successor, repeat, audit),
    revokeApiKey: (tenant, id, at, audit) => revokeApiKey(urgent, tenant, id, at, audit),
    listApiKeys: (tenant) => urgent.read((db) => listApiKeys(db, tenant)),
    touchApiKeys: (uses) => engine.write((trx) => touchApiKeys(engine, trx, uses)),
    putDocument: (document, version, audit) => putDocument(urgent, document, version, audit),
    getDocument: (tenant, kind, version) => urgent.read((db) => getDocument(db, tenant, kind, version)),
    putPause: (pause, audit) => putPause(urgent, pause, audit),
    deletePause: (level, target, audit) => deletePause(urgent, level, target, audit),
  };
}

function snapshot(engine: Engine, now: Date): Promise<ProtectionSnapshot> {
  return engine.snapshot(async (trx) => ({
    revision: await currentRevision(trx),
    tenants: await listTenants(trx),
    keys: await keysNotEndedBy(trx, new Date(now.getTime() - ENDED_KEYS_MS)),
    documents: await currentDocuments(trx),
    pauses: await listPauses(trx),
    webhooks: await readWebhooks(trx),
  }));
}
