import { endingsAfter, sequenceAt } from "./app-session-endings.ts";
import type { AppSessionStore } from "./app-session-types.ts";
import {
  createAppSession,
  endAppSessions,
  listAppSessions,
  pruneAppSessions,
  sessionOfToken,
} from "./app-sessions.ts";
import type { Engine } from "./engine.ts";
import { refreshAppSession } from "./refresh-tokens.ts";

/** What ends sessions, and tells of it, is urgent: a flood of calls must not delay it. */
export function appSessionStoreOver(engine: Engine): AppSessionStore {
  const { urgent } = engine;
  return {
    createAppSession: (session, hashes, keep, audit) =>
      createAppSession(engine, session, hashes, keep, audit),
    appSessionOfToken: (hashes, now) => engine.read((db) => sessionOfToken(db, hashes, now)),
    refreshAppSession: (input) => refreshAppSession(engine, input),
    listAppSessions: (tenant, user, now, limit) =>
      engine.read((db) => listAppSessions(db, tenant, user, now, limit)),
    endAppSessions: (tenant, user, id, now, audit) => endAppSessions(urgent, tenant, user, id, now, audit),
    appSessionEndings: (after, limit) => urgent.read((db) => endingsAfter(db, after, limit)),
    appSessionSequenceAt: (time) => urgent.read((db) => sequenceAt(db, time)),
    pruneAppSessions: (before) => engine.write((trx) => pruneAppSessions(engine, trx, before)),
  };
}
