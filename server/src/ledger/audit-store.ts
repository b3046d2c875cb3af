import { auditHead, chainAudit } from "./audit-chain.ts";
import { insertAudit, readAudit } from "./audit-events.ts";
import { putAuditHead, readAuditHeads, unsignedAuditHeads } from "./audit-heads.ts";
import { auditCheckpoint, prunableAudit, pruneAudit } from "./audit-retention.ts";
import type { AuditStore } from "./audit-types.ts";
import type { Engine } from "./engine.ts";

export function auditStoreOver(engine: Engine): AuditStore {
  return {
    appendAudit: (events) => engine.write((trx) => insertAudit(trx, events)),
    chainAudit: (hash, limit) => engine.write((trx) => chainAudit(engine, trx, hash, limit)),
    unsignedAuditHeads: () => engine.read(unsignedAuditHeads),
    putAuditHead: (head) => engine.write((trx) => putAuditHead(trx, head)),
    auditHead: (tenant) => engine.read((db) => auditHead(db, tenant)),
    auditCheckpoint: (tenant) => engine.read((db) => auditCheckpoint(db, tenant)),
    readAudit: (tenant, from, limit) => engine.read((db) => readAudit(db, tenant, from, limit)),
    readAuditHeads: (tenant, from, to) => engine.read((db) => readAuditHeads(db, tenant, from, to)),
    prunableAudit: (before) => engine.read((db) => prunableAudit(db, before)),
    pruneAudit: (checkpoint, limit) => engine.write((trx) => pruneAudit(trx, checkpoint, limit)),
  };
}
