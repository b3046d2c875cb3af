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
export function laneWrites<Item extends object>(
  engine: Engine,
  feed: ChangeFeed,
  record: (trx: Transaction<LedgerSchema>, items: readonly OfLane<Item>[], note: NoteChange) => Promise<void>,
): LaneWrites<Item> {
  return new LaneWrites((calls) =>
    feed.write(async (trx, note) => {
      const held = await fenceAll(
        engine,
        trx,
        calls.map(({ token }) => token),
      );
      await record(trx, calls.filter((_, i) => held[i]).flatMap(itemsOf), note);
      return new Set(calls.filter((_, i) => !held[i]));
    }),
  );
}

function itemsOf<Item extends object>({ token, items }: LaneCall<Item>): OfLane<Item>[] {
  const laneId = whole(token.laneId, "laneId");
  return items.map((item) => ({ ...item, laneId }));
}
