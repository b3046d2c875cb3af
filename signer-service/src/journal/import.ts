import type { Engine } from "@countersign/sql";
import type { Transaction } from "kysely";
import { appendAudit } from "../audit/append-audit.ts";
import { fromHex } from "../chain/hash-text.ts";
import { type ChainHead, lockHead, writeHead } from "../store/chain-head.ts";
import { toRow } from "../store/key-record-rows.ts";
import type { SignerSchema } from "../store/schema.ts";
import { addTo, type DailyTotals, NOTHING, utcDay } from "./daily-totals.ts";
import type { ExportLine, LineOf } from "./export-lines.ts";
import { columnsOf, supersede } from "./journal-rows.ts";
import { verifyJournal } from "./verify.ts";

/** Entries in a statement: both engines bound its parameters. */
const BATCH = 500;

/** Whose act it is in the audit, and when. */
export interface ImportedBy {
  readonly actor: string;
  readonly at: Date;
}

/**
 * Takes an export into a store that has seen no key, in one commit, and answers where its journal ends. The keys come
 * with their states and pauses but without floors: the journal stays locked until their nonces are read from the chain.
 * Throws an Error for the operator when the export is altered or the store is not empty; then nothing was taken.
 */
export function importJournal(
  engine: Engine<SignerSchema>,
  lines: AsyncIterable<string>,
  by: ImportedBy,
): Promise<ChainHead> {
  return engine.write(async (trx) => {
    const head = await lockHead(trx, "journal");
    const key = await trx.selectFrom("key_records").select("key_id").limit(1).executeTakeFirst();
    if (head.sequence > 0n || key !== undefined) {
      throw new Error("the store is not empty: a journal is imported before the signer's first start");
    }
    const rows = new ImportedRows(trx, by.at);
    const verified = await verifyJournal(lines, (line) => rows.take(line));
    if (!verified.ok) throw new Error(`line ${verified.line} of the export: ${verified.problem}`);
    await rows.finish();
    const end = { sequence: verified.entries, hash: fromHex(verified.headHash) };
    await writeHead(trx, "journal", end);
    const detail = {
      entries: verified.entries.toString(),
      keys: `${verified.keys}`,
      head: verified.headHash,
    };
    await appendAudit(trx, [{ ...by, kind: "journal imported", keyId: "", detail }]);
    return end;
  });
}

/** Writes an export's keys and entries, and sums up what each key has spent on the day of the import. */
class ImportedRows {
  readonly #trx: Transaction<SignerSchema>;
  readonly #today: bigint;
  readonly #spent = new Map<string, DailyTotals>();
  #entries: LineOf<"entry">[] = [];

  constructor(trx: Transaction<SignerSchema>, at: Date) {
    this.#trx = trx;
    this.#today = utcDay(at);
  }

  async take(line: ExportLine): Promise<void> {
    if (line.type === "key") {
      await this.#trx
        .insertInto("key_records")
        .values(toRow({ ...line, nonceFloor: null }))
        .execute();
    }
    if (line.type === "entry") await this.#takeEntry(line);
  }

  async finish(): Promise<void> {
    await this.#flush();
    for (const [publicKey, { day, deposit, gas }] of this.#spent) {
      const spent = { spent_day: day, spent_deposit: deposit.toString(), spent_gas: gas.toString() };
      await this.#trx.updateTable("key_records").set(spent).where("public_key", "=", publicKey).execute();
    }
  }

  async #takeEntry(entry: LineOf<"entry">): Promise<void> {
    if (entry.supersedes > 0n) {
      // Of two entries for a nonce, one must have left its place before the other comes.
      await this.#flush();
      await supersede(this.#trx, entry.supersedes, entry.sequence);
    }
    this.#entries.push(entry);
    if (this.#entries.length === BATCH) await this.#flush();
    const { publicKey, at } = entry;
    if (utcDay(at) !== this.#today) return;
    this.#spent.set(publicKey, addTo(this.#spent.get(publicKey) ?? { day: this.#today, ...NOTHING }, entry));
  }

  async #flush(): Promise<void> {
    if (this.#entries.length === 0) return;
    const rows = this.#entries.map((entry) => ({ ...columnsOf(entry), signature: entry.signature }));
    await this.#trx.insertInto("journal_entries").values(rows).execute();
    this.#entries = [];
  }
}
