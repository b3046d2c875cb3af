import { whole } from "@countersign/sql";
import type { Transaction } from "kysely";
import type { ChangeFeed, NoteChange } from "./changes.ts";
import type { Engine } from "./engine.ts";
import { fenceAll } from "./fence.ts";
import { type LaneCall, LaneWrites } from "./lane-writes.ts";
import type { LedgerSchema } from "./schema.ts";

/** What is written for a submission, and the lane that holds it. */
export type OfLane<Item> = Item & { readonly laneId: bigint };

/** Joined writes of the holders of lanes, each fenced. `record` writes what those say that hold theirs. */
export function fencedWrites<Item extends object>(
  engine: Engine,
  feed: ChangeFeed,
  record: (trx: Transaction<LedgerSchema>, items: readonly OfLane<Item>[], note: NoteChange) => Promise<void>,
): LaneWrites<Item> {
  return new LaneWrites(async (calls) => {
    let lost: readonly LaneCall<Item>[] = [];
    for (;;) {
      const open = calls.filter((call) => !lost.includes(call));
      if (open.length === 0) return new Set(lost);
      try {
        await feed.write((trx, note) =>
          fenced(engine, trx, open, () => record(trx, open.flatMap(itemsOf), note)),
        );
        return new Set(lost);
      } catch (error) {
        if (!(error instanceof LanesLost)) throw error;
        lost = [...lost, ...(error.calls as readonly LaneCall<Item>[])];
      }
    }
  });
}

/** Leaves the transaction with nothing written: some of its lanes are lost. */
class LanesLost extends Error {
  readonly calls: readonly unknown[];

  constructor(calls: readonly unknown[]) {
    super("some lanes are lost");
    this.calls = calls;
  }
}

/** Fences what is being recorded in the same go. Throws LanesLost. */
async function fenced<Item>(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  calls: readonly LaneCall<Item>[],
  record: () => Promise<void>,
): Promise<void> {
  const tokens = calls.map(({ token }) => token);
  const [held, end] = await Promise.allSettled([fenceAll(engine, trx, tokens), record()]);
  if (held.status === "rejected") throw held.reason;
  const lost = calls.filter((_, i) => !held.value[i]);
  if (lost.length > 0) throw new LanesLost(lost);
  if (end.status === "rejected") throw end.reason;
}

function itemsOf<Item extends object>({ token, items }: LaneCall<Item>): OfLane<Item>[] {
  const laneId = whole(token.laneId, "laneId");
  return items.map((item) => ({ ...item, laneId }));
}
