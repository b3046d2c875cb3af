import type { Kysely, Transaction } from "kysely";
import type { LedgerSchema } from "./schema.ts";

/** Counts through a partial index that holds nothing else: the cost follows the queue, not the table. */
export async function countOpen(db: Kysely<LedgerSchema>): Promise<number> {
  const { open } = await db
    .selectFrom("submissions")
    .select((eb) => eb.fn.countAll<bigint>().as("open"))
    .where("terminal_at", "is", null)
    .executeTakeFirstOrThrow();
  return Number(open);
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
