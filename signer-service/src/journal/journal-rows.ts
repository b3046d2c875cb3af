import { int64, ListStatement, toMillis } from "@countersign/sql";
import { type Kysely, sql, type Transaction } from "kysely";
import { nonceText } from "../store/nonce-text.ts";
import { RowsStatement } from "../store/rows-statement.ts";
import type { SignerSchema } from "../store/schema.ts";
import type { JournalEntry } from "./entry-hash.ts";
import { entryKey, type LiveEntry } from "./reservation-rules.ts";

/** What names a payload: the key, its nonce, and the hash in hexadecimal digits. */
export interface PayloadName {
  readonly publicKey: string;
  readonly nonce: bigint;
  readonly payloadHash: string;
}

/** An entry with the hash that chains it and, once it is made, its signature; both in hexadecimal digits. */
export interface ChainedEntry extends JournalEntry {
  readonly hash: string;
  readonly signature: string | null;
}

const insertOf = new RowsStatement((db, rows) =>
  db.insertInto("journal_entries").values(Array.from({ length: rows }, () => columnsOf(ANY_ENTRY))),
);

/** Writes new entries; their signatures come later. */
export async function insertEntries(
  trx: Transaction<SignerSchema>,
  entries: readonly Omit<ChainedEntry, "signature">[],
): Promise<void> {
  await insertOf.run(
    trx,
    entries.map((entry) => Object.values(columnsOf(entry))),
  );
}

const NONCE = { public_key: "text", nonce: "text" } as const;

const liveOf = new ListStatement(NONCE, (db: Kysely<SignerSchema>, nonces) =>
  db
    .selectFrom("journal_entries as e")
    .innerJoin(nonces, (join) =>
      join.onRef("e.public_key", "=", "v.public_key").onRef("e.nonce", "=", "v.nonce"),
    )
    .select(["e.sequence", "e.public_key", "e.nonce", "e.payload_hash", "e.signature"])
    .where("e.superseded_by", "is", null),
);

/** The entries that hold these nonces now, by `entryKey`. */
export async function liveEntries(
  db: Kysely<SignerSchema>,
  nonces: readonly { publicKey: string; nonce: bigint }[],
): Promise<Map<string, LiveEntry>> {
  const found = await liveOf.run(
    db,
    nonces.map(({ publicKey, nonce }) => [publicKey, nonceText(nonce)]),
  );
  return new Map(
    found.map(({ sequence, public_key, nonce, payload_hash, signature }) => [
      entryKey(public_key, BigInt(nonce)),
      { sequence, payloadHash: payload_hash, signature },
    ]),
  );
}

const SIGNATURE = { key: "text", number: "text", payload: "text", made: "text" } as const;

/** SQLite returns columns without the table's name only, so no column of the list has the same. */
const signatureOf = new ListStatement(SIGNATURE, (db: Kysely<SignerSchema>, signatures) =>
  db
    .updateTable("journal_entries as e")
    .from(signatures)
    .set((eb) => ({ signature: eb.ref("v.made") }))
    .whereRef("e.public_key", "=", "v.key")
    .whereRef("e.nonce", "=", "v.number")
    .whereRef("e.payload_hash", "=", "v.payload")
    .where("e.superseded_by", "is", null)
    .where("e.signature", "is", null)
    .returning(["public_key", "nonce"]),
);

/** Stores signatures where there is none yet, one for each nonce; answers the `entryKey` of those that were stored. */
export async function storeSignatures(
  trx: Transaction<SignerSchema>,
  signatures: readonly (PayloadName & { readonly signature: string })[],
): Promise<Set<string>> {
  const stored = await signatureOf.run(
    trx,
    signatures.map((s) => [s.publicKey, nonceText(s.nonce), s.payloadHash, s.signature]),
  );
  return new Set(stored.map(({ public_key, nonce }) => entryKey(public_key, BigInt(nonce))));
}

/** Lets a new entry take an old one's place. */
export async function supersede(
  trx: Transaction<SignerSchema>,
  old: bigint,
  successor: bigint,
): Promise<void> {
  await trx
    .updateTable("journal_entries")
    .set({ superseded_by: successor })
    .where("sequence", "=", old)
    .execute();
}

/** Entries in their order, `limit` of them after `after`. */
export async function readEntries(
  db: Kysely<SignerSchema>,
  after: bigint,
  limit: number,
): Promise<ChainedEntry[]> {
  const rows = await db
    .selectFrom("journal_entries")
    .selectAll()
    .where("sequence", ">", after)
    .orderBy("sequence")
    .limit(sql.lit(limit))
    .execute();
  return rows.map((row) => ({
    sequence: row.sequence,
    at: new Date(Number(row.at)),
    network: row.network,
    accountId: row.account_id,
    publicKey: row.public_key,
    nonce: BigInt(row.nonce),
    payloadHash: row.payload_hash,
    purpose: row.purpose,
    grantId: row.grant_id,
    tenant: row.tenant,
    submissionId: row.submission_id,
    deposit: BigInt(row.deposit),
    gas: BigInt(row.gas),
    requestId: row.request_id,
    peer: row.peer,
    supersedes: row.supersedes,
    hash: row.hash,
    signature: row.signature,
  }));
}

/** The columns of a new entry, which has no signature. */
export function columnsOf(entry: Omit<ChainedEntry, "signature">) {
  return {
    sequence: int64(entry.sequence, "sequence"),
    at: toMillis(entry.at, "time of an entry"),
    network: entry.network,
    account_id: entry.accountId,
    public_key: entry.publicKey,
    nonce: nonceText(entry.nonce),
    payload_hash: entry.payloadHash,
    purpose: entry.purpose,
    grant_id: entry.grantId,
    tenant: entry.tenant,
    submission_id: entry.submissionId,
    deposit: entry.deposit.toString(),
    gas: entry.gas.toString(),
    request_id: entry.requestId,
    peer: entry.peer,
    supersedes: entry.supersedes,
    hash: entry.hash,
  };
}

/** Builds the statement's text; its values go nowhere. */
const ANY_ENTRY: Omit<ChainedEntry, "signature"> = {
  sequence: 0n,
  at: new Date(0),
  network: "",
  accountId: "",
  publicKey: "",
  nonce: 0n,
  payloadHash: "",
  purpose: "",
  grantId: "",
  tenant: "",
  submissionId: "",
  deposit: 0n,
  gas: 0n,
  requestId: "",
  peer: "",
  supersedes: 0n,
  hash: "",
};
