import type { Kysely } from "kysely";
import { toHex } from "../chain/hash-text.ts";
import { type ChainHead, readHead } from "./chain-head.ts";
import type { SignerSchema } from "./schema.ts";

/** Remembers, outside the store, how far it had come: a store that was put back does not know that. */
export interface Witness {
  /** The journal's last entry, once it is on disk. */
  note(sequence: bigint, hash: Uint8Array): void;
  /** How far threshold signing has come, where one process alone writes; elsewhere it is not told. */
  noteThreshold(sequence: bigint, hash: Uint8Array): void;
}

/** Whether the journal holds the entry that a witness saw. */
export async function isKnown(db: Kysely<SignerSchema>, seen: ChainHead): Promise<boolean> {
  if (seen.sequence === 0n) return true;
  const entry = await db
    .selectFrom("journal_entries")
    .select("hash")
    .where("sequence", "=", seen.sequence)
    .executeTakeFirst();
  return entry?.hash === toHex(seen.hash);
}

/** Whether threshold signing is where a witness saw it, or further. */
export async function hasThreshold(db: Kysely<SignerSchema>, seen: ChainHead): Promise<boolean> {
  const { sequence, hash } = await readHead(db, "threshold");
  return sequence > seen.sequence || (sequence === seen.sequence && toHex(hash) === toHex(seen.hash));
}
