import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { describe, expect, it } from "vitest";
import { ChainError } from "../near/chain-error.ts";
import type { AccountView } from "../near/views.ts";
import { accountFundingRule, delegateFundingRule } from "../rules/funding.ts";
import { type BalanceViews, BalanceWatch, type BalanceWatchOptions } from "./balance-watch.ts";

const NEAR = 10n ** 24n;
const NEVER = new AbortController().signal;

/** A chain whose answers a test sets; an account without one gives an error. */
function chain(accounts: Record<string, Partial<AccountView> | ChainError>): BalanceViews {
  return {
    account: async (accountId) => {
      const said = accounts[accountId] ?? new ChainError("unavailable", "no answer");
      if (said instanceof ChainError) throw said;
      return { amount: 0n, locked: 0n, storageUsage: 0n, ...said };
    },
  };
}

function watch(views: BalanceViews, options: Partial<BalanceWatchOptions> = {}) {
  const changes: string[] = [];
  const failures: unknown[] = [];
  const watched = new BalanceWatch({
    accountIds: ["a.near", "b.near"],
    views,
    thresholds: { accountsBelow: 10n * NEAR, allBelow: NEAR, resumeFactorPercent: 110 },
    intervalMs: 1,
    onChange: (from, to, balance) => changes.push(`${from} ${to} ${balance}`),
    onFailed: (error) => failures.push(error),
    ...options,
  });
  return { watched, changes, failures };
}

describe("the watch on balances", () => {
  it("goes by the lowest of the accounts", async () => {
    const accounts = { "a.near": { amount: 50n * NEAR }, "b.near": { amount: 50n * NEAR } };
    const { watched, changes } = watch(chain(accounts));
    await watched.look(NEVER);
    expect(watched.state).toBe("OPEN");
    accounts["b.near"] = { amount: 5n * NEAR };
    await watched.look(NEVER);
    expect(watched.state).toBe("NO_ACCOUNTS");
    accounts["a.near"] = { amount: 0n };
    await watched.look(NEVER);
    expect(watched.state).toBe("CLOSED");
    expect([...watched.balances()]).toEqual([
      ["a.near", 0n],
      ["b.near", 5n * NEAR],
    ]);
    accounts["a.near"] = accounts["b.near"] = { amount: 11n * NEAR };
    await watched.look(NEVER);
    await watched.look(NEVER);
    expect(changes).toEqual([
      `OPEN NO_ACCOUNTS ${5n * NEAR}`,
      `NO_ACCOUNTS CLOSED 0`,
      `CLOSED OPEN ${11n * NEAR}`,
    ]);
  });

  it.each<[string, Partial<AccountView>, bigint]>([
    ["what storage holds back", { amount: NEAR, storageUsage: 1_000n }, NEAR - NEAR / 100n],
    ["storage that a stake covers", { amount: NEAR, storageUsage: 1_000n, locked: NEAR }, NEAR],
    [
      "storage that a stake covers in part",
      { amount: NEAR, storageUsage: 1_000n, locked: NEAR / 200n },
      NEAR - NEAR / 200n,
    ],
    ["more storage than it has", { amount: 1n, storageUsage: 1_000n }, 0n],
  ])("counts without %s", async (_name, account, balance) => {
    const { watched } = watch(chain({ "a.near": account }), { accountIds: ["a.near"] });
    await watched.look(NEVER);
    expect(watched.balances().get("a.near")).toBe(balance);
  });

  it("is open before the chain has answered, and says that it did not", async () => {
    const { watched, changes, failures } = watch(chain({}));
    await watched.look(NEVER);
    expect(watched.state).toBe("OPEN");
    expect(watched.balances().size).toBe(0);
    expect(failures).toHaveLength(2);
    expect(changes).toEqual([]);
  });

  it("keeps what it was last told while the chain does not answer", async () => {
    const accounts: Record<string, Partial<AccountView> | ChainError> = {
      "a.near": { amount: 0n },
      "b.near": { amount: 50n * NEAR },
    };
    const { watched } = watch(chain(accounts));
    await watched.look(NEVER);
    accounts["a.near"] = new ChainError("timeout", "no answer");
    await watched.look(NEVER);
    expect(watched.state).toBe("CLOSED");
    delete accounts["b.near"];
    await watched.look(NEVER);
    expect(watched.state).toBe("CLOSED");
  });

  it("takes an account that does not exist for an empty one", async () => {
    const gone = new ChainError("unknown-account", "gone");
    const { watched } = watch(chain({ "a.near": { amount: 50n * NEAR }, "b.near": gone }));
    await watched.look(NEVER);
    expect(watched.state).toBe("CLOSED");
  });

  it("looks again and again until it is stopped", async () => {
    const stop = new AbortController();
    let looks = 0;
    const views: BalanceViews = {
      account: async () => {
        if (++looks === 6) stop.abort();
        return { amount: 50n * NEAR, locked: 0n, storageUsage: 0n };
      },
    };
    await watch(views).watched.run(stop.signal);
    expect(looks).toBe(6);
  });
});

describe("the rules on funding", () => {
  it.each([
    ["OPEN", false, false],
    ["NO_ACCOUNTS", false, true],
    ["CLOSED", true, true],
  ] as const)("in %s refuse delegates: %s, accounts: %s", async (state, delegates, accounts) => {
    const refusal = { reason: ErrorReason.RELAYER_BALANCE_LOW, retryAfterMs: expect.any(Number) };
    const expected = (refused: boolean) => (refused ? expect.objectContaining(refusal) : undefined);
    expect(delegateFundingRule(() => state).check({})).toEqual(expected(delegates));
    expect(accountFundingRule(() => state).check({})).toEqual(expected(accounts));
  });
});
