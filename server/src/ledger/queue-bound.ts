import type { Kysely, Transaction } from "kysely";
import type { LedgerSchema } from "./schema.ts";

/**
 * Those that are not terminal, without the unclaimed ones of tenants that are held. Counts through a partial index that
 * holds nothing else: the cost follows the queue, not the table.
 */
export async function countOpen(
  db: Kysely<LedgerSchema>,
  heldTenants: readonly string[] = [],
): Promise<number> {
  const { open } = await db
    .selectFrom("submissions")
    .select((eb) => eb.fn.countAll<bigint>().as("open"))
    .where("terminal_at", "is", null)
    .$if(heldTenants.length > 0, (q) =>
      q.where((eb) => eb.or([eb("lane_id", "is not", null), eb("tenant", "not in", heldTenants)])),
    )
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
  #held = "";
  #credit = 0;

  /** How many of so many more may be accepted. Room that was counted with others held is counted again. */
  async admits(
    trx: Transaction<LedgerSchema>,
    wanted: number,
    max: number,
    heldTenants: readonly string[] = [],
  ): Promise<number> {
    const held = JSON.stringify(heldTenants.toSorted());
    if (max === this.#max && held === this.#held && this.#credit >= wanted) {
      this.#credit -= wanted;
      return wanted;
    }
    const room = Math.max(0, max - (await countOpen(trx, heldTenants)));
    const admitted = Math.min(wanted, room);
    this.#max = max;
    this.#held = held;
    this.#credit = Math.max(0, Math.floor(room / SHARE) - admitted);
    return admitted;
  }
}
