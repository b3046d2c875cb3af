import { describe, expect, test } from "vitest";
import { memoryStore } from "../../../clients/web/src/wallet/text-store.ts";
import { APP, failure, OTHER_APP, startGuest } from "./support/embedding.ts";
import { BATCH } from "./support/requests.ts";
import { ACCOUNT } from "./support/scripted-wallet.ts";

const TRANSACTION = {
  chainId: 1,
  nonce: 0,
  to: `0x${"ab".repeat(20)}`,
  gas: "21000",
  gasPrice: "1",
} as const;
const TYPED_DATA = {
  ...{ domain: {}, types: { T: [{ name: "f", type: "bool" }] }, primaryType: "T", message: { f: true } },
};

describe("an application", () => {
  test("sees the accounts that the user gives it, and is not asked about again", async () => {
    const guest = startGuest();
    const app = await guest.open();
    expect(app.capabilities).toEqual({ network: "testnet", evm: true });
    const first = app.connect();
    const question = await guest.screen.next();
    expect(question).toMatchObject({ origin: APP, request: undefined });
    question.answer([ACCOUNT, "no account name", ACCOUNT]);
    const accounts = await first;
    expect(accounts).toEqual([
      {
        accountId: ACCOUNT,
        publicKey: guest.wallet.key(ACCOUNT)?.keyId,
        evmAddress: guest.wallet.evm.account(ACCOUNT)?.address,
      },
    ]);
    expect(await app.connect()).toEqual(accounts);
    const again = await guest.open();
    expect(await again.connect()).toEqual(accounts);
    expect(guest.screen.count).toBe(1);
    await app.disconnect();
    const asked = failure(again.connect());
    (await guest.screen.next()).answer([]);
    expect(await asked).toMatchObject({ reason: "DECLINED" });
  });

  test("is told nothing of what the user gave another one, and may ask nothing of it", async () => {
    const grants = memoryStore();
    const guest = startGuest({ grants });
    await guest.connected(APP);
    const other = await guest.open(OTHER_APP);
    expect(await failure(other.relay(BATCH))).toMatchObject({
      reason: "NOT_CONNECTED",
      code: "permission_denied",
    });
    const asked = failure(other.connect());
    (await guest.screen.next()).answer([]);
    expect(await asked).toMatchObject({ reason: "DECLINED" });
    expect(guest.wallet.calls).toEqual([]);
    // The wallet's next page remembers what was given.
    const next = startGuest({ grants });
    expect(await (await next.open(APP)).connect()).toMatchObject([{ accountId: ACCOUNT }]);
  });

  test("is told nothing of a user who is signed out, or of the next one", async () => {
    const guest = startGuest();
    const app = await guest.connected();
    guest.wallet.signInAs(undefined);
    const asked = failure(app.connect());
    (await guest.screen.next()).answer([]);
    expect(await asked).toMatchObject({ reason: "DECLINED" });
    guest.wallet.signInAs("user-2");
    expect(await failure(app.relay(BATCH))).toMatchObject({ reason: "NOT_CONNECTED" });
    const again = app.connect();
    (await guest.screen.next()).answer([ACCOUNT]);
    expect(await again).toMatchObject([{ accountId: ACCOUNT }]);
  });

  test("is asked about again when the wallet has no key of what it gave", async () => {
    const grants = memoryStore();
    const stored = { userId: "user-1", accounts: ["former.testnet"] };
    grants.setItem(`countersign/embedding/${APP}`, JSON.stringify(stored));
    const guest = startGuest({ grants });
    const app = await guest.open();
    const relayed = await failure(app.relay({ ...BATCH, accountId: "former.testnet" }));
    expect(relayed).toMatchObject({ reason: "NOT_CONNECTED" });
    const asked = failure(app.connect());
    (await guest.screen.next()).answer([]);
    expect(await asked).toMatchObject({ reason: "DECLINED" });
  });

  test.each<[string | undefined, string]>([
    ["user-1", "SUCCEEDED"],
    ["user-2", "NOT_CONNECTED"],
    [undefined, "NOT_CONNECTED"],
  ])("whose user is signed out may ask, and gets what is signed by %s: %s", async (userId, expected) => {
    const guest = startGuest();
    const app = await guest.connected();
    guest.wallet.signInAs(undefined);
    const outcome = app.relay(BATCH).then(
      ({ state }) => state,
      ({ reason }) => reason,
    );
    const question = await guest.screen.next();
    guest.wallet.signInAs(userId);
    question.answer(true);
    expect(await outcome).toBe(expected);
    expect(guest.wallet.calls).toHaveLength(expected === "SUCCEEDED" ? 1 : 0);
  });

  test("gets nothing signed by another EVM key than the user saw", async () => {
    const guest = startGuest();
    const app = await guest.connected();
    const asks = [
      () => app.signEvmMessage({ accountId: ACCOUNT, message: "hi" }),
      () => app.signEvmTransaction({ accountId: ACCOUNT, transaction: TRANSACTION }),
      () => app.signEvmTypedData({ accountId: ACCOUNT, typedData: TYPED_DATA }),
    ];
    for (const ask of asks) {
      const same = ask();
      (await guest.screen.next()).answer(true);
      expect(await same).toMatch(/^0x/);
      const other = failure(ask());
      const question = await guest.screen.next();
      guest.wallet.changeEvmKey();
      question.answer(true);
      expect(await other).toMatchObject({ reason: "NOT_CONNECTED" });
    }
  });

  test("that may see nothing has nothing of its requests read", async () => {
    const guest = startGuest();
    const app = await guest.open();
    const broken = app.relay({ ...BATCH, actions: [] });
    expect(await failure(broken)).toMatchObject({ reason: "NOT_CONNECTED" });
  });
});
