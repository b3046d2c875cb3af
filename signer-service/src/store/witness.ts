import type { Kysely } from "kysely";
import { toHex } from "../chain/hash-text.ts";
import type { ChainHead } from "./chain-head.ts";
import type { SignerSchema } from "./schema.ts";

/** Remembers, outside the store, where the journal ended: a store that was put back does not know that entry. */
export interface Witness {
  /** The journal's last entry, once it is on disk. */
  note(sequence: bigint, hash: Uint8Array): void;
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
