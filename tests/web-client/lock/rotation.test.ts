import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { RemoveServerLockResponseSchema } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { describe, expect, it } from "vitest";
import { retire, rotate } from "./support/federated-relays.ts";
import { ACCOUNT, enrolled, startFederation } from "./support/federation.ts";

const account = { accountId: ACCOUNT };

it("an envelope of a key in grace opens, and is made anew with the current key", async () => {
  const federation = await enrolled();
  const [one] = federation.relays;
  await rotate(one);
  const { wallet, events, until } = federation.load();
  expect(await wallet.unlock(account)).toEqual({ by: "relay", relay: one.url });
  await until("refreshed", 1);
  expect(events).toEqual([{ type: "refreshed", ...account, relay: one.url, keyId: one.keyId }]);
});

it("what the page did not ask is found out once a page: the current key of the other relay", async () => {
  const federation = await enrolled();
  const [, two] = federation.relays;
  await rotate(two);
  const { wallet, events, until } = federation.load();
  await wallet.unlock(account);
  await until("refreshed", 1);
  expect(events).toEqual([{ type: "refreshed", ...account, relay: two.url, keyId: two.keyId }]);
  await wallet.unlock({ accountId: "bob.testnet" });
  await until("refreshed", 3);
  const asked = federation.relays.map(({ proxy }) => proxy.seen("GetKeyInfo").length);
  expect(asked).toEqual([0, 1]);
});

it("an envelope of a retired key opens with another relay, and is healed by that", async () => {
  const federation = await enrolled();
  const [one, two] = federation.relays;
  const old = one.keyId;
  await rotate(one);
  await retire(one, old);
  const { wallet, events, until } = federation.load();
  expect(await wallet.unlock(account)).toEqual({ by: "relay", relay: two.url });
  await until("refreshed", 1);
  expect(events).toEqual([{ type: "refreshed", ...account, relay: one.url, keyId: one.keyId }]);
  await two.proxy.down();
  expect(await federation.load().wallet.unlock(account)).toEqual({ by: "relay", relay: one.url });
  expect(federation.passkeys.touches).toEqual([]);
});

it("envelopes of retired keys alone fall back to the passkey with LOCK_KEY_UNKNOWN, and are healed by it", async () => {
  const federation = await enrolled({ isShared: true });
  const [one] = federation.relays;
  const old = one.keyId;
  await rotate(one);
  await retire(one, old);
  const { wallet, events, until } = federation.load();
  expect(await wallet.unlock(account)).toEqual({ by: "passkey" });
  expect(events[0]).toMatchObject({ type: "fallback", error: { reason: "LOCK_KEY_UNKNOWN" } });
  await until("refreshed", 2);
  const again = federation.load();
  expect(await again.wallet.unlock(account)).toMatchObject({ by: "relay" });
  expect(again.events).toEqual([]);
});

describe("a page that knew the current key finds out with the next account that it", () => {
  const bob = { accountId: "bob.testnet" };
  async function twoAccounts() {
    const federation = await enrolled();
    const first = federation.load();
    await first.wallet.unlock(bob);
    await first.until("refreshed", 2);
    const page = federation.load();
    await page.wallet.unlock(account);
    return { page, relay: federation.relays[0] };
  }

  it("was replaced", async () => {
    const { page, relay } = await twoAccounts();
    await rotate(relay);
    expect(await page.wallet.unlock(bob)).toEqual({ by: "relay", relay: relay.url });
    await page.until("refreshed", 1);
    expect(page.events).toEqual([{ type: "refreshed", ...bob, relay: relay.url, keyId: relay.keyId }]);
  });

  it("was retired", async () => {
    const { page, relay } = await twoAccounts();
    const old = relay.keyId;
    await rotate(relay);
    await retire(relay, old);
    expect(await page.wallet.unlock(bob)).toMatchObject({ by: "relay" });
    await page.until("refreshed", 1);
    expect(page.events).toEqual([{ type: "refreshed", ...bob, relay: relay.url, keyId: relay.keyId }]);
  });
});

it("a relay that calls its current key outdated has an envelope made anew once a page", async () => {
  const federation = await enrolled();
  const [one] = federation.relays;
  one.proxy.fault(({ method }) => {
    if (method !== "RemoveServerLock") return undefined;
    return {
      type: "corrupt",
      change: (bytes) => {
        const answer = fromBinary(RemoveServerLockResponseSchema, bytes);
        const key = answer.key && { ...answer.key, current: false };
        return toBinary(RemoveServerLockResponseSchema, { ...answer, key });
      },
    };
  });
  const { wallet, until } = federation.load(undefined, [one.url]);
  const applied = () => one.proxy.seen("ApplyServerLock").length;
  const before = applied();
  expect(await wallet.unlock(account)).toEqual({ by: "relay", relay: one.url });
  await until("refreshed", 1);
  // Other accounts' envelopes are asked for later than what this one's brings about.
  await wallet.unlock({ accountId: "bob.testnet" });
  await until("refreshed", 2);
  expect(await wallet.unlock(account)).toEqual({ by: "held" });
  await wallet.unlock({ accountId: "carol.testnet" });
  await until("refreshed", 3);
  expect(applied()).toBe(before + 3);
});

it("a relay with a shared key opens an envelope that was sealed for another", async () => {
  const federation = await startFederation({ isShared: true });
  const [one, two] = federation.relays;
  const first = federation.load(undefined, [one.url]);
  await first.wallet.unlock(account);
  await first.until("refreshed", 1);
  await one.proxy.down();
  const { wallet, events, until } = federation.load();
  expect(await wallet.unlock(account)).toEqual({ by: "relay", relay: two.url });
  await until("refreshed", 1);
  expect(events).toEqual([{ type: "refreshed", ...account, relay: two.url, keyId: two.keyId }]);
});

it("a relay with a key of its own does not, and refuses", async () => {
  const federation = await startFederation();
  const [one, two] = federation.relays;
  const first = federation.load(undefined, [one.url]);
  await first.wallet.unlock(account);
  await first.until("refreshed", 1);
  await one.proxy.down();
  expect(await federation.load().wallet.unlock(account)).toEqual({ by: "passkey" });
  expect(two.proxy.seen("RemoveServerLock")).toHaveLength(1);
});
