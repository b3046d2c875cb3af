import { type Kysely, sql, type Transaction } from "kysely";
import type { LedgerSchema } from "./schema.ts";

/**
 * Counts what is not terminal, by the two partial indexes that hold exactly that: the cost follows the
 * queue's length, not the table's.
 */
export async function countOpen(db: Kysely<LedgerSchema>): Promise<number> {
  const { rows } = await sql<{ open: bigint }>`select
    (select count(*) from submissions where lane_id is null and terminal_at is null) +
    (select count(*) from submissions where lane_id is not null and terminal_at is null) as open`.execute(db);
  return Number(rows[0]?.open ?? 0n);
}

/** Of the room that a count leaves, the part that this process fills before it counts again. */
const SHARE = 4;

/**
 * Keeps the queue within a bound without counting it for each submission: a count that leaves much room is
 * good for many. Exact when the queue is nearly full; before that, another process may use the same room.
 */
export class QueueBound {
  #max = 0;
  #credit = 0;

  /** Whether one more submission may be accepted. */
  async admits(trx: Transaction<LedgerSchema>, max: number): Promise<boolean> {
    if (max === this.#max && this.#credit > 0) {
      this.#credit--;
      return true;
    }
    const room = max - (await countOpen(trx));
    this.#max = max;
    this.#credit = Math.max(0, Math.floor(room / SHARE) - 1);
    return room > 0;
  }
}
