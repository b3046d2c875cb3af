import { createHash } from "node:crypto";
import type { Engine } from "@countersign/sql";
import { toHex } from "../chain/hash-text.ts";
import { readHead } from "../store/chain-head.ts";
import { fromRow } from "../store/key-record-rows.ts";
import type { SignerSchema } from "../store/schema.ts";
import { EXPORT_FORMAT, journalLines } from "./export-lines.ts";
import { type ChainedEntry, readEntries } from "./journal-rows.ts";

/** Entries that are read at a time. */
const PAGE = 1_000;

/**
 * The journal up to now: a start, the keys' records (without their floors, which only the chain can tell again), every
 * entry, an end. Lines of JSON, each with its line feed. What is reserved meanwhile is not in it; a signature that is
 * made meanwhile may be.
 */
export async function* exportJournal(engine: Engine<SignerSchema>, now: () => Date): AsyncGenerator<string> {
  const hash = createHash("sha256");
  const written = (line: string) => {
    hash.update(line);
    return line;
  };
  const { head, keys } = await engine.snapshot(async (trx) => ({
    head: await readHead(trx, "journal"),
    keys: (await trx.selectFrom("key_records").selectAll().orderBy("key_id").execute()).map(fromRow),
  }));
  yield written(journalLines.format({ type: "start", format: EXPORT_FORMAT, at: now() }));
  for (const key of keys) yield written(journalLines.format({ type: "key", ...key }));
  for (let last = 0n; last < head.sequence; ) {
    const page = await engine.read((db) => readEntries(db, last, PAGE));
    for (const entry of upTo(page, last, head.sequence)) {
      yield written(journalLines.format({ type: "entry", ...entry }));
      last = entry.sequence;
    }
  }
  const linesHash = hash.digest("hex");
  yield journalLines.format({ type: "end", entries: head.sequence, hash: toHex(head.hash), linesHash });
}

function upTo(page: readonly ChainedEntry[], last: bigint, end: bigint): ChainedEntry[] {
  if (page[0]?.sequence !== last + 1n) throw new Error(`the journal has no entry ${last + 1n}`);
  return page.filter(({ sequence }) => sequence <= end);
}
