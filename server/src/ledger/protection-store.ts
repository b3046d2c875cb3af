import { listApiKeys } from "./api-key-row.ts";
import { createApiKey, revokeApiKey, rotateApiKey, touchApiKeys } from "./api-keys.ts";
import { currentDocuments, getDocument, putDocument } from "./documents.ts";
import type { Engine } from "./engine.ts";
import { deletePause, listPauses, putPause } from "./pauses.ts";
import { currentRevision } from "./protection-changes.ts";
import type { ProtectionSnapshot, ProtectionStore } from "./protection-types.ts";
import { createTenant, listTenants, updateTenant } from "./tenants.ts";

export function protectionStoreOver(engine: Engine): ProtectionStore {
  return {
    revision: () => engine.read(currentRevision),
    snapshot: () => snapshot(engine),
    createTenant: (tenant, audit) => createTenant(engine, tenant, audit),
    updateTenant: (id, version, change, audit) => updateTenant(engine, id, version, change, audit),
    createApiKey: (key, repeat, audit) => createApiKey(engine, key, repeat, audit),
    rotateApiKey: (oldId, oldExpiresAt, successor, repeat, audit) =>
      rotateApiKey(engine, oldId, oldExpiresAt, successor, repeat, audit),
    revokeApiKey: (tenant, id, at, audit) => revokeApiKey(engine, tenant, id, at, audit),
    listApiKeys: (tenant) => engine.read((db) => listApiKeys(db, tenant)),
    touchApiKeys: (uses) => engine.write((trx) => touchApiKeys(engine, trx, uses)),
    putDocument: (document, version, audit) => putDocument(engine, document, version, audit),
    getDocument: (tenant, kind, version) => engine.read((db) => getDocument(db, tenant, kind, version)),
    putPause: (pause, audit) => putPause(engine, pause, audit),
    deletePause: (level, target, audit) => deletePause(engine, level, target, audit),
  };
}

function snapshot(engine: Engine): Promise<ProtectionSnapshot> {
  return engine.snapshot(async (trx) => ({
    revision: await currentRevision(trx),
    tenants: await listTenants(trx),
    keys: await listApiKeys(trx),
    documents: await currentDocuments(trx),
    pauses: await listPauses(trx),
  }));
}
