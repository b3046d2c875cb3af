import { type Engine, toMillis } from "@countersign/sql";
import type { SignerSchema } from "../../store/schema.ts";
import { currentIncarnation } from "./current-incarnation.ts";

/**
 * Deletes what expired before `before`, and whatever another life of the store has left. Nonces go as soon as their time
 * is over. In transactions of their own: none holds one row while it waits for another's.
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
] as const;
