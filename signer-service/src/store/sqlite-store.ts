import { realpathSync } from "node:fs";
import { type Engine, openEngine } from "@countersign/sql";
import { sql } from "kysely";
import { readHead } from "./chain-head.ts";
import { FileWitness } from "./file-witness.ts";
import { fileIdentity, IncarnationFile, type IncarnationRecord } from "./incarnation-file.ts";
import type { OpenedStore, StoreOptions } from "./opened-store.ts";
import type { SignerSchema } from "./schema.ts";
import { beginIncarnation, lockIdentity, readIdentity, type StoreIdentity } from "./store-identity.ts";
import { SIGNER_STORE } from "./store-kind.ts";
import { hasThreshold, isKnown, type Witness } from "./witness.ts";

/**
 * Opens a store in a file. It and the incarnation file beside it name each other, so that a copy of either, or of both,
 * is told from what was copied.
 */
export async function openSqliteStore(
  path: string,
  incarnationPath: string | null,
  options: StoreOptions,
): Promise<OpenedStore> {
  const engine = await openEngine<SignerSchema>(`sqlite:${path}`, SIGNER_STORE);
  try {
    // Nonces that were used, and rows that were deleted, leave no bytes behind in the file.
    await engine.read((db) => sql`pragma secure_delete = on`.execute(db));
    const database = realpathSync(path);
    const file = await IncarnationFile.open(incarnationPath ?? `${database}.incarnation`);
    try {
      const record = await settle(engine, file, await fileIdentity(database), options);
      return opened(engine, file, record, options);
    } catch (error) {
      await file.close();
      throw error;
    }
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** Goes on with the store's life, or begins another one. Gives what the file says then. */
async function settle(
  engine: Engine<SignerSchema>,
  file: IncarnationFile,
  database: string,
  { now, newIncarnation, events }: StoreOptions,
): Promise<IncarnationRecord> {
  const place = await file.identity();
  const seen = await engine.read((db) => readHead(db, "journal"));
  const threshold = await engine.read((db) => readHead(db, "threshold"));
  const reason = await breakIn(engine, await file.read(), { place, database });
  if (reason === undefined) {
    const { incarnation } = await engine.read(readIdentity);
    const record = { incarnation, database, seen, threshold };
    await file.write(record);
    return record;
  }
  const record = { incarnation: newIncarnation(), database, seen, threshold };
  // The file first: killed in between, the two differ, and the next start does all of this again.
  await file.write(record);
  const restored = await engine.write(async (trx) => {
    const before = await lockIdentity(trx, now());
    await beginIncarnation(trx, { incarnation: record.incarnation, place }, reason, now());
    return before.incarnation !== "" || seen.sequence > 0n;
  });
  if (restored) events.restored(reason);
  return record;
}

/** Why the store's life ended since it was last open; undefined when it did not. */
async function breakIn(
  engine: Engine<SignerSchema>,
  record: IncarnationRecord | undefined,
  here: { place: string; database: string },
): Promise<string | undefined> {
  const identity: StoreIdentity = await engine.read(readIdentity);
  if (identity.incarnation === "") return "the store has no incarnation: it is new, or was a backup";
  if (record === undefined) return "the incarnation file is missing or broken";
  if (record.incarnation !== identity.incarnation) return "the incarnation file is another store's";
  if (identity.place !== here.place || record.database !== here.database) return "the store was copied";
  const known = await engine.read((db) => isKnown(db, record.seen));
  if (!known) return "the journal lacks entries that it had";
  const kept = await engine.read((db) => hasThreshold(db, record.threshold));
  return kept ? undefined : "threshold signing has gone back";
}

function opened(
  engine: Engine<SignerSchema>,
  file: IncarnationFile,
  record: IncarnationRecord,
  { events }: StoreOptions,
): OpenedStore {
  let latest = record;
  let writing: Promise<void> = Promise.resolve();
  // One after another: each writes all that is known by then.
  const write = (change: Partial<IncarnationRecord>) => {
    latest = { ...latest, ...change };
    writing = writing.catch(() => undefined).then(() => file.write(latest));
    return writing;
  };
  const journal = new FileWitness((seen) => write({ seen }), events.witnessFailed);
  const threshold = new FileWitness((seen) => write({ threshold: seen }), events.witnessFailed);
  const witness: Witness = {
    note: (sequence, hash) => journal.note(sequence, hash),
    noteThreshold: (sequence, hash) => threshold.note(sequence, hash),
  };
  let closed: Promise<void> | undefined;
  // Before the engine, which frees the store for another process.
  const close = async () => {
    await journal.close();
    await threshold.close();
    await file.close();
    await engine.close();
  };
  const closing: Engine<SignerSchema> = {
    read: (body) => engine.read(body),
    snapshot: (body) => engine.snapshot(body),
    write: (body) => engine.write(body),
    urgent: engine.urgent,
    locksRows: engine.locksRows,
    close: () => {
      closed ??= close();
      return closed;
    },
  };
  return { engine: closing, witness, warnings: [] };
}
