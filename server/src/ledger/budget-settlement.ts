import type { Transaction } from "kysely";
import { isNothing, minus, NOTHING, plus } from "./budget-amounts.ts";
import { budgetsOf } from "./budget-periods.ts";
import type { BudgetAmounts } from "./budget-types.ts";
import type { EndedSubmission } from "./ended-submission.ts";
import type { Engine } from "./engine.ts";
import type { LedgerSchema } from "./schema.ts";
import { type BudgetKey, lockExisting, writeUse } from "./settled-rows.ts";

/**
 * Puts the true costs of ended submissions in the place of their reservations, in the periods in which they were
 * accepted. What was refunded to a budget that has been pruned since is dropped.
 */
export async function settle(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  ended: readonly EndedSubmission[],
): Promise<void> {
  const refunds = sumRefunds(ended);
  if (refunds.size === 0) return;
  const uses = await lockExisting(
    engine,
    trx,
    [...refunds.values()].map(({ key }) => key),
  );
  const settled = uses.flatMap((use) => {
    const refund = refunds.get(nameOf(use));
    return refund === undefined ? [] : [{ ...use, used: minus(use.used, refund.amounts) }];
  });
  await writeUse(trx, settled);
}

/** What each budget gets back; less than nothing where the true cost is above what was reserved. */
function sumRefunds(
  ended: readonly EndedSubmission[],
): Map<string, { key: BudgetKey; amounts: BudgetAmounts }> {
  const sums = new Map<string, { key: BudgetKey; amounts: BudgetAmounts }>();
  for (const submission of ended) {
    const { tenant, acceptedAt, reserved } = submission;
    if (reserved === null) continue;
    const refund = minus(reserved.amounts, trueCost(submission));
    if (isNothing(refund)) continue;
    for (const { user, period } of budgetsOf(tenant, reserved.user, acceptedAt)) {
      const key = { tenant, user, period: period.name };
      const name = nameOf(key);
      sums.set(name, { key, amounts: plus(sums.get(name)?.amounts ?? NOTHING, refund) });
    }
  }
  return sums;
}

function nameOf({ tenant, user, period }: BudgetKey): string {
  return JSON.stringify([tenant, user, period]);
}

function trueCost({ kind, state, cost }: EndedSubmission): BudgetAmounts {
  if (cost === undefined) return NOTHING;
  const accounts = kind === "CREATE_ACCOUNT" && state === "SUCCEEDED" ? 1n : 0n;
  return { accounts, gas: cost.gasBurnt, deposit: cost.deposit };
}
