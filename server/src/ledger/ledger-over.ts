import { sql } from "kysely";
import { accept, checkAccept } from "./accept.ts";
import { AcceptQueue } from "./accept-queue.ts";
import { appSessionStoreOver } from "./app-session-store.ts";
import { recordSigned } from "./attempts.ts";
import { auditStoreOver } from "./audit-store.ts";
import { budgetStoreOver } from "./budget-store.ts";
import { ChangeFeed } from "./changes.ts";
import { QueueMemory } from "./claimable.ts";
import type { Engine } from "./engine.ts";
import { ExhaustedLately } from "./exhausted-lately.ts";
import { fence } from "./fence.ts";
import { fencedWrites, type OfLane } from "./fenced-writes.ts";
import { findIdempotents } from "./idempotency.ts";
import { keyOperationStoreOver } from "./key-operation-store.ts";
import { claim, handOn, openWork, reallocate, release, waiting } from "./lane-work.ts";
import { acquireLane, ensureLanes, lanesWithWork, releaseLane, renewLane } from "./lanes.ts";
import type { Ledger } from "./ledger.ts";
import { recordProgress, recordTerminal } from "./progress.ts";
import { protectionStoreOver } from "./protection-store.ts";
import { countOpen, QueueBound } from "./queue-bound.ts";
import { ReadBatch } from "./read-batch.ts";
import { areReplayed, pruneReplayMarks } from "./replay-marks.ts";
import { stats } from "./stats.ts";
import { getByTransactionHash, getSubmission, listSubmissions } from "./submissions.ts";
import { transitionsOfOne } from "./transition-log.ts";
import type { IdempotencyClaim, TerminalItem } from "./types.ts";
import { userStoreOver } from "./user-store.ts";
import { webhookStoreOver } from "./webhook-store.ts";

/** The ledger over a database whose schema is up to date. `now` tells which keys ended long ago. */
export function ledgerOver(engine: Engine, now: () => Date): Ledger {
  const { urgent } = engine;
  const feed = new ChangeFeed(engine);
  const memory = new QueueMemory();
  const bound = new QueueBound();
  const lately = new ExhaustedLately();
  const accepts = new AcceptQueue((inputs) => accept(engine, feed, bound, lately, inputs));
  const idempotents = new ReadBatch((keys: readonly IdempotencyClaim[]) =>
    engine.read((db) => findIdempotents(db, keys)),
  );
  const replays = new ReadBatch((asked: Parameters<typeof areReplayed>[1]) =>
    engine.read((db) => areReplayed(db, asked)),
  );
  let hasWebhooks: (tenant: string) => boolean = () => true;
  const signed = fencedWrites(engine, feed, recordSigned);
  const progress = fencedWrites(engine, feed, recordProgress);
  const ends = fencedWrites(engine, feed, (trx, items: readonly OfLane<TerminalItem>[], note) =>
    recordTerminal(engine, trx, items, note, hasWebhooks),
  );
  return {
    ...protectionStoreOver(engine, now),
    ...budgetStoreOver(engine),
    ...auditStoreOver(engine),
    ...appSessionStoreOver(engine),
    ...userStoreOver(engine),
    ...webhookStoreOver(engine),
    ...keyOperationStoreOver(engine),
    setWebhookTenants: (has) => {
      hasWebhooks = has;
    },

    accept: async (input) => {
      checkAccept(input);
      return accepts.add(input);
    },
    findIdempotent: (key) => idempotents.get(key),
    isReplayed: (network, delegate) => replays.get({ network, delegate }),
    pruneReplayMarks: (network, height) => engine.write((trx) => pruneReplayMarks(trx, network, height)),

    getSubmission: (tenant, id) => engine.read((db) => getSubmission(db, tenant, id)),
    getByTransactionHash: (tenant, hash) => engine.read((db) => getByTransactionHash(db, tenant, hash)),
    listSubmissions: (query) => engine.read((db) => listSubmissions(db, query)),
    transitions: (id) => engine.read((db) => transitionsOfOne(db, id)),

    ensureLanes: (keys) => ensureLanes(engine, keys),
    lanesWithWork: (network, accountIds) => engine.read((db) => lanesWithWork(db, network, accountIds)),
    acquireLane: (id, owner, at, ttlMs) =>
      urgent.write((trx) => acquireLane(urgent, trx, id, owner, at, ttlMs)),
    renewLane: (token, at, ttlMs) => urgent.write((trx) => renewLane(trx, token, at, ttlMs)),
    releaseLane: (token) => urgent.write((trx) => releaseLane(trx, token)),

    waiting: (query) => engine.read((db) => waiting(db, memory, query)),
    claim: (input) => engine.write((trx) => claim(engine, memory, trx, input)),
    openWork: (laneId) => engine.read((db) => openWork(db, laneId)),
    reallocate: (input) => engine.write((trx) => reallocate(engine, trx, input)),
    release: (token, submissionIds) =>
      engine.write(async (trx) => {
        const { id } = await fence(engine, trx, token, "share");
        await release(trx, id, submissionIds);
      }),
    handOn: (token, submissionIds) =>
      engine.write(async (trx) => {
        const { id } = await fence(engine, trx, token, "share");
        await handOn(trx, id, submissionIds);
      }),
    recordSigned: (token, items) => signed.add(token, items),
    recordProgress: (token, items) => progress.add(token, items),
    recordTerminal: (token, items) => ends.add(token, items),

    countOpen: () => engine.read((db) => countOpen(db)),
    stats: () => engine.read(stats),
    ping: () => engine.read(async (db) => void (await sql`select 1`.execute(db))),
    onChange: (listener) => feed.listen(listener),
    close: async () => {
      await accepts.close();
      await engine.close();
    },
  };
}
