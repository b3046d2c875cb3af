import { type Engine, fromMillis, toMillis } from "@countersign/sql";
import { utcDay } from "../../journal/daily-totals.ts";
import type { SignerSchema } from "../../store/schema.ts";
import { currentIncarnation } from "./current-incarnation.ts";

/**
 * Deletes what expired before `before`, and whatever another life of the store has left. Nonces, presign sessions and
 * presignatures that are reserved go as soon as their time is over. In transactions of their own: none holds one row
 * while it waits for another's.
 */
export async function pruneThreshold(engine: Engine<SignerSchema>, now: Date, before: bigint): Promise<void> {
  await engine.write((trx) =>
    trx
      .updateTable("threshold_signings")
      .set({ stage: "burnt", sealed: null })
      .where("stage", "=", "open")
      .where((eb) =>
        eb.or([
          eb("expires_at", "<=", toMillis(now, "time of pruning")),
          eb("incarnation", "<>", currentIncarnation),
        ]),
      )
      .execute(),
  );
  const at = toMillis(now, "time of pruning");
  await engine.write((trx) =>
    trx
      .updateTable("threshold_presignatures")
      .set({ state: "destroyed", sealed: null })
      .where("state", "=", "reserved")
      .where((eb) => eb.or([eb("expires_at", "<=", at), eb("incarnation", "<>", currentIncarnation)]))
      .execute(),
  );
  await engine.write((trx) =>
    trx
      .deleteFrom("threshold_presigns")
      .where((eb) => eb.or([eb("expires_at", "<=", at), eb("incarnation", "<>", currentIncarnation)]))
      .execute(),
  );
  await engine.write((trx) =>
    trx
      .deleteFrom("threshold_presign_days")
      .where((eb) =>
        eb.or([eb("day", "<", utcDay(fromMillis(before))), eb("incarnation", "<>", currentIncarnation)]),
      )
      .execute(),
  );
  for (const table of TABLES) {
    await engine.write((trx) =>
      trx
        .deleteFrom(table)
        .where((eb) => eb.or([eb("expires_at", "<", before), eb("incarnation", "<>", currentIncarnation)]))
        .execute(),
    );
  }
}

const TABLES = [
  "threshold_challenges",
  "threshold_sessions",
  "threshold_signings",
  "threshold_requests",
  "threshold_presignatures",
] as const;
