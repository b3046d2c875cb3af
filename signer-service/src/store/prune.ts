import { type Engine, toMillis } from "@countersign/sql";
import { utcDay } from "../journal/daily-deposits.ts";
import type { SignerSchema } from "./schema.ts";

/**
 * How long what has expired is kept, in milliseconds: more than the clocks of two signers, and the skew that requests
 * and grants are allowed, may differ.
 */
const MARGIN_MS = 600_000;
const MARGIN_DAYS = 2n;

/** Deletes grants, nonces of requests and days of deposits that no rule asks for any more. */
export async function prune(engine: Engine<SignerSchema>, now: Date): Promise<void> {
  const before = toMillis(new Date(now.getTime() - MARGIN_MS), "time of pruning");
  const day = utcDay(now) - MARGIN_DAYS;
  await engine.write(async (trx) => {
    await trx.deleteFrom("used_grants").where("expires_at", "<", before).execute();
    await trx.deleteFrom("request_nonces").where("expires_at", "<", before).execute();
    await trx.deleteFrom("daily_deposits").where("day", "<", day).execute();
  });
}
