import { pruneBudgets } from "./budget-pruning.ts";
import { findExhausted } from "./budget-reservation.ts";
import { budgetUse } from "./budget-rows.ts";
import type { BudgetStore } from "./budget-types.ts";
import type { Engine } from "./engine.ts";
import { usage } from "./usage.ts";

export function budgetStoreOver(engine: Engine): BudgetStore {
  return {
    findExhausted: (tenant, reservation, at) =>
      engine.read((db) => findExhausted(db, tenant, reservation, at)),
    budgetUse: (tenant, at) => engine.read((db) => budgetUse(db, tenant, at)),
    usage: (query) => usage(engine, query),
    pruneBudgets: (before) => engine.write((trx) => pruneBudgets(trx, before)),
  };
}
