import type { Transaction } from "kysely";
import type { Engine } from "./engine.ts";
import type { LedgerSchema } from "./schema.ts";
import type { ChangeListener, SubmissionState } from "./types.ts";

/** Notes that the transaction brings a submission into a state. */
export type NoteChange = (submissionId: string, state: SubmissionState) => void;

/** Runs writes and, once they are committed, tells listeners of the states that they wrote. */
export class ChangeFeed {
  readonly #engine: Engine;
  readonly #listeners = new Set<ChangeListener>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Answers how to end it. */
  listen(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async write<T>(body: (trx: Transaction<LedgerSchema>, note: NoteChange) => Promise<T>): Promise<T> {
    const changes: [string, SubmissionState][] = [];
    const result = await this.#engine.write((trx) => body(trx, (id, state) => changes.push([id, state])));
    for (const [id, state] of changes) {
      for (const listener of this.#listeners) listener(id, state);
    }
    return result;
  }
}
