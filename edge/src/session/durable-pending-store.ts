import type { LedgerSchema } from "@countersign/server/ledger/schema.ts";
import type { PendingStore } from "@countersign/server/shared-state/pending-store.ts";
import type { Engine } from "@countersign/sql";
import { sql } from "kysely";

/**
 * What users begin, in a table beside the ledger's and by the same transactions, so that none takes part in another's.
 * The object may be put away and come back between a beginning and its end.
 */
export class DurablePendingStore implements PendingStore {
  readonly #engine: Engine<LedgerSchema>;
  readonly #now: () => number;

  private constructor(engine: Engine<LedgerSchema>, now: () => number) {
    this.#engine = engine;
    this.#now = now;
  }

  /** `now` in Unix milliseconds. */
  static async open(engine: Engine<LedgerSchema>, now: () => number): Promise<DurablePendingStore> {
    await engine.write((trx) =>
      sql`create table if not exists pending
        (key text primary key not null, value text not null, ends_at integer not null)`.execute(trx),
    );
    return new DurablePendingStore(engine, now);
  }

  async put(key: string, value: string, ttlMs: number): Promise<void> {
    const endsAt = this.#now() + ttlMs;
    await this.#engine.write((trx) =>
      sql`insert or replace into pending values (${key}, ${value}, ${endsAt})`.execute(trx),
    );
  }

  async take(key: string): Promise<string | undefined> {
    const { rows } = await this.#engine.write((trx) =>
      sql<{ value: string; ends_at: bigint }>`
        delete from pending where key = ${key} returning value, ends_at`.execute(trx),
    );
    const [row] = rows;
    return row !== undefined && Number(row.ends_at) > this.#now() ? row.value : undefined;
  }

  /** Forgets what is over. */
  async prune(): Promise<void> {
    await this.#engine.write((trx) => sql`delete from pending where ends_at <= ${this.#now()}`.execute(trx));
  }

  /** The storage is the object's. */
  async close(): Promise<void> {}
}
