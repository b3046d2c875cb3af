import { type Engine, toMillis } from "@countersign/sql";
import { pruneThreshold } from "../threshold/store/prune.ts";
import type { SignerSchema } from "./schema.ts";

/**
 * How long what has expired is kept, in milliseconds: more than the clocks of two signers, and the skew that requests
 * and grants are allowed, may differ.
 */
const MARGIN_MS = 600_000;

/** Deletes what no rule asks for any more: grants, nonces of requests, and what threshold signing had for a while. */
export async function prune(engine: Engine<SignerSchema>, now: Date): Promise<void> {
  const before = toMillis(new Date(now.getTime() - MARGIN_MS), "time of pruning");
  await engine.write(async (trx) => {
    await trx.deleteFrom("used_grants").where("expires_at", "<", before).execute();
    await trx.deleteFrom("request_nonces").where("expires_at", "<", before).execute();
  });
  await pruneThreshold(engine, now, before);
}
