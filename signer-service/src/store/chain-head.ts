import { FixedStatement } from "@countersign/sql";
import { type Kysely, sql, type Transaction } from "kysely";
import { fromHex, toHex } from "../chain/hash-text.ts";
import type { SignerSchema } from "./schema.ts";

/** Where a hash chain ends. */
export interface ChainHead {
  /** Its last entry's; 0 while there is none. */
  readonly sequence: bigint;
  /** 32 bytes; zeros while there is none. */
  readonly hash: Uint8Array;
}

/** That of threshold signing has no entries: it counts what was done, for the witness. */
export type ChainName = "journal" | "audit" | "threshold";

interface HeadRow {
  sequence: bigint;
  hash: string;
}

/** An update that changes nothing: it locks the row on PostgreSQL, and is no trouble on SQLite. */
const lockOf = new FixedStatement<SignerSchema, HeadRow>((db) =>
  db
    .updateTable("chain_heads")
    .set({ sequence: sql.ref("sequence") })
    .where("chain", "=", "")
    .returning(["sequence", "hash"]),
);

/**
 * Reads where a chain ends, and keeps others from adding to it until the transaction ends. Transactions claim
 * relays' grants first, then lock keys' rows (by public key), then admin grants' (by id), then the journal's end, then
 * the audit's: so none waits for another in a circle.
 */
export async function lockHead(trx: Transaction<SignerSchema>, chain: ChainName): Promise<ChainHead> {
  return headOf(await lockOf.run(trx, [chain]), chain);
}

const writeOf = new FixedStatement<SignerSchema, unknown>((db) =>
  db.updateTable("chain_heads").set({ sequence: 0n, hash: "" }).where("chain", "=", ""),
);

export async function writeHead(
  trx: Transaction<SignerSchema>,
  chain: ChainName,
  { sequence, hash }: ChainHead,
): Promise<void> {
  await writeOf.run(trx, [sequence, toHex(hash), chain]);
}

export async function readHead(db: Kysely<SignerSchema>, chain: ChainName): Promise<ChainHead> {
  const rows = await db
    .selectFrom("chain_heads")
    .select(["sequence", "hash"])
    .where("chain", "=", chain)
    .execute();
  return headOf(rows, chain);
}

function headOf([row]: readonly HeadRow[], chain: ChainName): ChainHead {
  if (row === undefined) throw new Error(`the store has no head of the ${chain}`);
  return { sequence: row.sequence, hash: fromHex(row.hash) };
}
