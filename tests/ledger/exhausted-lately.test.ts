import { ExhaustedLately } from "@countersign/server/ledger/exhausted-lately.ts";
import type { BudgetLevel } from "@countersign/server/ledger/ledger.ts";
import { expect, it } from "vitest";
import { at } from "./builders.ts";

function level(scope: BudgetLevel["scope"]): BudgetLevel {
  return { scope, amount: "gas", used: 1n, limit: 1n, resetsAt: at(0) };
}

it("remembers a tenant's budget for each of its users, and for a second", () => {
  const lately = new ExhaustedLately();
  lately.note("shop", "user:alice", level("tenant-month"), at(0));
  expect(lately.has("shop", "user:bob", at(999))).toBe(true);
  expect(lately.has("other", "user:alice", at(0))).toBe(false);
  expect(lately.has("shop", "user:bob", at(1_000))).toBe(false);
});

it("remembers a user's budget for that user of that tenant alone, and for a second after the last refusal", () => {
  const lately = new ExhaustedLately();
  lately.note("shop", "user:alice", level("user-day"), at(0));
  lately.note("shop", "user:alice", level("user-day"), at(600));
  expect(lately.has("shop", "user:alice", at(1_599))).toBe(true);
  expect(lately.has("shop", "user:bob", at(600))).toBe(false);
  expect(lately.has("other", "user:alice", at(600))).toBe(false);
  expect(lately.has("shop", "user:alice", at(1_600))).toBe(false);
});

it("forgets the oldest budget beyond a thousand", () => {
  const lately = new ExhaustedLately();
  for (let i = 0; i < 1_000; i++) lately.note("shop", `user:${i}`, level("user-day"), at(0));
  lately.note("shop", "user:0", level("user-day"), at(0));
  lately.note("shop", "user:new", level("user-day"), at(0));
  const known = (user: string) => lately.has("shop", user, at(0));
  expect(["user:0", "user:1", "user:2", "user:new"].map(known)).toEqual([true, false, true, true]);
});
