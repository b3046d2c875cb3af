import { describe, expect, it } from "vitest";
import { type BalanceThresholds, type FundingState, nextFundingState } from "./balance-breaker.ts";

const BOTH: BalanceThresholds = { accountsBelow: 100n, allBelow: 10n, resumeFactorPercent: 110 };

describe("the breaker", () => {
  it.each<[FundingState, bigint, FundingState]>([
    ["OPEN", 100n, "OPEN"],
    ["OPEN", 99n, "NO_ACCOUNTS"],
    ["OPEN", 10n, "NO_ACCOUNTS"],
    ["OPEN", 9n, "CLOSED"],
    ["OPEN", 0n, "CLOSED"],
    ["NO_ACCOUNTS", 109n, "NO_ACCOUNTS"],
    ["NO_ACCOUNTS", 110n, "OPEN"],
    ["NO_ACCOUNTS", 10n, "NO_ACCOUNTS"],
    ["NO_ACCOUNTS", 9n, "CLOSED"],
    ["CLOSED", 10n, "CLOSED"],
    ["CLOSED", 11n, "NO_ACCOUNTS"],
    ["CLOSED", 109n, "NO_ACCOUNTS"],
    ["CLOSED", 110n, "OPEN"],
  ])("goes from %s at %s to %s", (from, balance, to) => {
    expect(nextFundingState(from, balance, BOTH)).toBe(to);
  });

  it.each<[string, Partial<BalanceThresholds>, bigint, FundingState]>([
    ["no thresholds", { accountsBelow: 0n, allBelow: 0n }, 0n, "OPEN"],
    ["one for accounts alone", { allBelow: 0n }, 0n, "NO_ACCOUNTS"],
    ["one for all alone", { accountsBelow: 0n }, 9n, "CLOSED"],
    ["one for all alone, once it is passed", { accountsBelow: 0n }, 11n, "OPEN"],
    ["no margin", { resumeFactorPercent: 100 }, 10n, "NO_ACCOUNTS"],
    ["thresholds the wrong way round", { accountsBelow: 5n }, 10n, "CLOSED"],
  ])("with %s goes from CLOSED or stays", (_name, thresholds, balance, to) => {
    expect(nextFundingState("CLOSED", balance, { ...BOTH, ...thresholds })).toBe(to);
  });

  it("does not resume below the exact mark", () => {
    const odd = { ...BOTH, allBelow: 0n, accountsBelow: 101n };
    expect(nextFundingState("NO_ACCOUNTS", 111n, odd)).toBe("NO_ACCOUNTS");
    expect(nextFundingState("NO_ACCOUNTS", 112n, odd)).toBe("OPEN");
  });
});
