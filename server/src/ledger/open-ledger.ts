import type { Secret } from "@countersign/service-kit";
import { openEngine, whole } from "@countersign/sql";
import { sql } from "kysely";
import { accept } from "./accept.ts";
import { appSessionStoreOver } from "./app-session-store.ts";
import { recordSigned } from "./attempts.ts";
import { auditStoreOver } from "./audit-store.ts";
import { budgetStoreOver } from "./budget-store.ts";
import { ChangeFeed } from "./changes.ts";
import type { Engine } from "./engine.ts";
import { ExhaustedLately } from "./exhausted-lately.ts";
import { fence } from "./fence.ts";
import { findIdempotent } from "./idempotency.ts";
import { claim, openWork, reallocate, release } from "./lane-work.ts";
import { acquireLane, ensureLanes, releaseLane, renewLane } from "./lanes.ts";
import type { Ledger } from "./ledger.ts";
import { recordProgress, recordTerminal } from "./progress.ts";
import { protectionStoreOver } from "./protection-store.ts";
import { countOpen, QueueBound } from "./queue-bound.ts";
import { isReplayed, pruneReplayMarks } from "./replay-marks.ts";
import { stats } from "./stats.ts";
import { LEDGER } from "./store-kind.ts";
import { getByTransactionHash, getSubmission, listSubmissions } from "./submissions.ts";
import { transitionsOf } from "./transition-log.ts";
import { Turns } from "./turns.ts";
import { userStoreOver } from "./user-store.ts";

/**
 * Opens the ledger and brings its schema up to date. `sqlite:PATH` is a file for one process,
 * `postgres://…` a database that many share. Throws LedgerLockedError while another process has the file
 * open, and LedgerUnavailableError when the database cannot be reached. `now` tells which keys ended long ago.
 */
export async function openLedger(url: Secret<string>, now: () => Date = () => new Date()): Promise<Ledger> {
  return ledgerOver(await openEngine(url.reveal(), LEDGER), now);
}

const ACCEPTS_OF_A_TENANT = 4;

function ledgerOver(engine: Engine, now: () => Date): Ledger {
  const { urgent } = engine;
  const feed = new ChangeFeed(engine);
  // A tenant's accepts share its budget rows, so they end one after the other whatever runs at once: more of them would
  // only take the connections from other tenants. Where writers do not run side by side, all of them join one commit.
  const turns = new Turns(engine.locksRows ? ACCEPTS_OF_A_TENANT : Number.POSITIVE_INFINITY);
  const bound = new QueueBound();
  const lately = new ExhaustedLately();
  return {
    ...protectionStoreOver(engine, now),
    ...budgetStoreOver(engine),
    ...auditStoreOver(engine),
    ...appSessionStoreOver(engine),
    ...userStoreOver(engine),

    accept: (input) => turns.run(input.tenant, () => accept(engine, feed, bound, lately, input)),
    findIdempotent: (key) => engine.read((db) => findIdempotent(db, key)),
    isReplayed: (network, delegate) => engine.read((db) => isReplayed(db, network, delegate)),
    pruneReplayMarks: (network, height) => engine.write((trx) => pruneReplayMarks(trx, network, height)),

    getSubmission: (tenant, id) => engine.read((db) => getSubmission(db, tenant, id)),
    getByTransactionHash: (tenant, hash) => engine.read((db) => getByTransactionHash(db, tenant, hash)),
    listSubmissions: (query) => engine.read((db) => listSubmissions(db, query)),
    transitions: (id) => engine.read(async (db) => (await transitionsOf(db, [id])).get(id) ?? []),

    ensureLanes: (keys) => ensureLanes(engine, keys),
    acquireLane: (id, owner, at, ttlMs) => urgent.write((trx) => acquireLane(trx, id, owner, at, ttlMs)),
    renewLane: (token, at, ttlMs) => urgent.write((trx) => renewLane(trx, token, at, ttlMs)),
    releaseLane: (token) => urgent.write((trx) => releaseLane(trx, token)),

    claim: (input) => engine.write((trx) => claim(engine, trx, input)),
    openWork: (laneId) => engine.read((db) => openWork(db, laneId)),
    reallocate: (input) => engine.write((trx) => reallocate(engine, trx, input)),
    release: (token, submissionIds) =>
      engine.write(async (trx) => {
        const { id } = await fence(engine, trx, token, "share");
        await release(trx, id, submissionIds);
      }),
    recordSigned: (token, items) =>
      feed.write(async (trx, note) => {
        await fence(engine, trx, token, "share");
        await recordSigned(trx, whole(token.laneId, "laneId"), items, note);
      }),
    recordProgress: (token, items) =>
      feed.write(async (trx, note) => {
        await fence(engine, trx, token, "share");
        await recordProgress(trx, whole(token.laneId, "laneId"), items, note);
      }),
    recordTerminal: (token, items) =>
      feed.write(async (trx, note) => {
        await fence(engine, trx, token, "share");
        await recordTerminal(engine, trx, whole(token.laneId, "laneId"), items, note);
      }),

    countOpen: () => engine.read((db) => countOpen(db)),
    stats: () => engine.read(stats),
    ping: () => engine.read(async (db) => void (await sql`select 1`.execute(db))),
    onChange: (listener) => feed.listen(listener),
    close: () => engine.close(),
  };
}
