import type { Kysely } from "kysely";
import { acceptBatch } from "./accept-batch.ts";
import { checkReservation, findExhausted } from "./budget-reservation.ts";
import type { BudgetLevel } from "./budget-types.ts";
import type { ChangeFeed } from "./changes.ts";
import type { Engine } from "./engine.ts";
import type { ExhaustedLately } from "./exhausted-lately.ts";
import { findIdempotents } from "./idempotency.ts";
import type { QueueBound } from "./queue-bound.ts";
import { areReplayed } from "./replay-marks.ts";
import type { LedgerSchema } from "./schema.ts";
import type { AcceptInput, AcceptResult } from "./types.ts";

/** Throws RangeError for what no ledger could hold. */
export function checkAccept({ bodyHash, submission, replayMark, budget }: AcceptInput): void {
  if (bodyHash.length !== 32) throw new RangeError(`bodyHash has ${bodyHash.length} bytes, not 32`);
  if (replayMark !== null && replayMark.delegateHash !== submission.delegateHash) {
    throw new RangeError("the replay mark and the submission name different delegates");
  }
  checkReservation(budget);
}

/**
 * One transaction decides. Those whose budget was exhausted a moment ago are looked at first: a flood of refusals would
 * lock the tenant's hot rows again and again.
 */
export async function accept(
  engine: Engine,
  feed: ChangeFeed,
  bound: QueueBound,
  lately: ExhaustedLately,
  inputs: readonly AcceptInput[],
): Promise<AcceptResult[]> {
  const foreseen = new Map<AcceptInput, BudgetLevel>();
  await Promise.all(
    inputs.map(async (input) => {
      if (!lately.has(input.tenant, input.budget.user, input.at)) return;
      const level = await engine.read((db) => foresee(db, input));
      if (level !== undefined) foreseen.set(input, level);
    }),
  );
  const decided = await acceptBatch(
    engine,
    feed,
    bound,
    inputs.filter((input) => !foreseen.has(input)),
  );
  return inputs.map((input) => {
    const level = foreseen.get(input);
    const result: AcceptResult | undefined =
      level === undefined ? decided.get(input) : { outcome: "budget-exhausted", level };
    if (result === undefined) throw new Error("a submission was not decided");
    // Where rows are not locked, a refusal costs others nothing.
    if (engine.locksRows && result.outcome === "budget-exhausted") {
      lately.note(input.tenant, input.budget.user, result.level, input.at);
    }
    return result;
  });
}

/**
 * The bound that the transaction would break, but not for a call or a delegate that was accepted before: those get another
 * answer. The budgets come first: a reservation that is seen in them shows its key and its mark to the reads after.
 */
async function foresee(db: Kysely<LedgerSchema>, input: AcceptInput): Promise<BudgetLevel | undefined> {
  const { tenant, budget, at, idempotencyKey: key, replayMark: delegate, submission } = input;
  const level = await findExhausted(db, tenant, budget, at);
  if (level === undefined) return undefined;
  const [earlier] = await findIdempotents(db, [{ ...input, key }]);
  if (earlier !== undefined) return undefined;
  if (delegate === null) return level;
  const [isReplayed] = await areReplayed(db, [{ network: submission.network, delegate }]);
  return isReplayed === true ? undefined : level;
}
