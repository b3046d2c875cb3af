import { expect, test } from "vitest";
import { delegate, transactions } from "../signer/threshold/support/payloads.ts";
import { outcomeOf } from "../signer/threshold/support/reason.ts";
import { postgresUrl } from "../support/postgres.ts";
import { startAttackWorld } from "./support/attack-world.ts";
import { walletWithKey } from "./support/signed-in-wallet.ts";

const countOf = (outcomes: readonly string[], outcome: string) =>
  outcomes.filter((o) => o === outcome).length;

test.each([
  ["one relay", 1 as const],
  ...(postgresUrl === undefined ? [] : [["two relays and signers", 2 as const] satisfies [string, 2]]),
])("of 100 calls at once through %s, a session of 10 uses lets 10 through", async (_, pairs) => {
  const { relays } = await startAttackWorld({ pairs });
  const { wallet, through } = await walletWithKey(relays[0]?.address ?? "");
  const token = await wallet.mint({ purposes: [1, 2], maxUses: 10 });
  const { payload } = delegate(wallet);
  const wallets = relays.map(({ address }) => through(address));
  const calls = Array.from({ length: 100 }, (_, i) =>
    (wallets[i % wallets.length] ?? wallet).authorize(payload, token),
  );
  const outcomes = await Promise.all(calls.map(outcomeOf));
  expect(countOf(outcomes, "answered")).toBe(10);
  expect(countOf(outcomes, "THRESHOLD_SESSION_EXHAUSTED")).toBe(90);
});

test("batches at once take a use for each of their transactions, never more than there are", async () => {
  const { relays } = await startAttackWorld();
  const { wallet } = await walletWithKey(relays[0]?.address ?? "");
  const token = await wallet.mint({ purposes: [1, 2], maxUses: 10 });
  const batch = transactions(wallet, 3).payload;
  const outcomes = await Promise.all(
    Array.from({ length: 30 }, () => outcomeOf(wallet.authorize(batch, token))),
  );
  expect(countOf(outcomes, "answered")).toBe(3);
  expect(await outcomeOf(wallet.authorize(transactions(wallet, 2).payload, token))).toBe(
    "THRESHOLD_SESSION_EXHAUSTED",
  );
  expect(await outcomeOf(wallet.authorize(transactions(wallet, 1).payload, token))).toBe("answered");
});
