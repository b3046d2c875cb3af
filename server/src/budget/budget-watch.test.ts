import { expect, test } from "vitest";
import type { BudgetLevel } from "../ledger/ledger.ts";
import { BudgetWatch } from "./budget-watch.ts";

const TODAY = new Date("2026-11-22T00:00:00.000Z");
const TOMORROW = new Date("2026-11-23T00:00:00.000Z");

function level(said: Partial<BudgetLevel> = {}): BudgetLevel {
  return { scope: "tenant-day", amount: "gas", used: 80n, limit: 100n, resetsAt: TODAY, ...said };
}

function start() {
  const told: string[] = [];
  const watch = new BudgetWatch({
    budgetLow: ({ tenant, scope, amount }) => void told.push(`low ${tenant} ${scope} ${amount}`),
    budgetExhausted: ({ tenant, scope, amount }) => void told.push(`exhausted ${tenant} ${scope} ${amount}`),
  });
  return { watch, told };
}

test("a budget is low from 80 percent on, and told once a period", () => {
  const { watch, told } = start();
  watch.accepted("acme", "key:1", [level({ used: 79n })]);
  expect(told).toEqual([]);
  for (const used of [80n, 90n, 100n]) watch.accepted("acme", "key:1", [level({ used })]);
  expect(told).toEqual(["low acme tenant-day gas"]);
  watch.accepted("acme", "key:1", [level({ resetsAt: TOMORROW })]);
  expect(told).toHaveLength(2);
});

test("each tenant, scope and amount is told of by itself", () => {
  const { watch, told } = start();
  const levels = [level(), level({ amount: "deposit" }), level({ scope: "tenant-month" })];
  watch.accepted("acme", "key:1", levels);
  watch.accepted("globex", "key:1", levels);
  watch.accepted("acme", "key:2", levels);
  expect(told).toEqual([
    "low acme tenant-day gas",
    "low acme tenant-day deposit",
    "low acme tenant-month gas",
    "low globex tenant-day gas",
    "low globex tenant-day deposit",
    "low globex tenant-month gas",
  ]);
});

test("a user's budget is told of for each user", () => {
  const { watch, told } = start();
  for (const user of ["user:a", "user:b", "user:a"]) {
    watch.accepted("acme", user, [level({ scope: "user-day" })]);
    watch.exhausted("acme", user, level({ scope: "user-day" }));
  }
  expect(told.toSorted()).toEqual([
    "exhausted acme user-day gas",
    "exhausted acme user-day gas",
    "low acme user-day gas",
    "low acme user-day gas",
  ]);
});

test("a limit of 0 of which nothing is used is not low", () => {
  const { watch, told } = start();
  watch.accepted("acme", "key:1", [level({ used: 0n, limit: 0n })]);
  expect(told).toEqual([]);
});

test("a budget that does not hold a submission is told of once a period", () => {
  const { watch, told } = start();
  for (const used of [99n, 0n, 50n]) watch.exhausted("acme", "key:1", level({ used }));
  expect(told).toEqual(["exhausted acme tenant-day gas"]);
  watch.exhausted("acme", "key:1", level({ resetsAt: TOMORROW }));
  expect(told).toHaveLength(2);
});

test("what was told is remembered up to a bound, and forgotten as a whole beyond it", () => {
  const { watch, told } = start();
  const each = (from: number, until: number) => {
    for (let user = from; user < until; user++) {
      watch.accepted("acme", `user:${user}`, [level({ scope: "user-day" })]);
    }
  };
  each(0, 10_000);
  each(0, 10_000);
  expect(told).toHaveLength(10_000);
  each(10_000, 10_001);
  each(0, 1);
  expect(told).toHaveLength(10_002);
});
