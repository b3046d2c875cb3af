import type { Engine } from "@countersign/sql";
import type { SignerSchema } from "./schema.ts";
import type { Witness } from "./witness.ts";

/** The signer's store, open. */
export interface OpenedStore {
  readonly engine: Engine<SignerSchema>;
  /** Is to hear of the journal's entries once they are on disk. */
  readonly witness: Witness;
  /** What the operator should know of the database at start-up. */
  readonly warnings: readonly string[];
}

/** What an operator is told of, whenever it happens. */
export interface StoreEvents {
  /** Another incarnation began: the journal is locked until its floors are read from the chain. */
  restored(reason: string): void;
  /** The incarnation file could not be written: it is behind, and a store put back may go unnoticed. */
  witnessFailed(error: unknown): void;
}

export interface StoreOptions {
  readonly now: () => Date;
  /** A random UUID. */
  readonly newIncarnation: () => string;
  readonly events: StoreEvents;
}
