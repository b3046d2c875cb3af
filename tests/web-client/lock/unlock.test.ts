import { describe, expect, it } from "vitest";
import type { Fault } from "../../support/fault-proxy.ts";
import { rotate } from "./support/federated-relays.ts";
import { ACCOUNT, enrolled, OWNER, PATIENT, RP_ID, startFederation } from "./support/federation.ts";

const account = { accountId: ACCOUNT };

describe("a wallet with a lock", () => {
  it("asks for the passkey once, then opens with a relay, and is open then", async () => {
    const federation = await startFederation();
    const first = federation.load();
    expect(await first.wallet.unlock(account)).toEqual({ by: "passkey" });
    expect(first.events[0]).toMatchObject({ type: "fallback", accountId: ACCOUNT });
    await first.until("refreshed", 2);
    expect(await first.wallet.unlock(account)).toEqual({ by: "held" });
    const { wallet, events } = federation.load();
    const [one, two] = federation.relays;
    expect(await wallet.unlock(account)).toEqual({ by: "relay", relay: one.url });
    expect(await wallet.unlock(account)).toEqual({ by: "held" });
    expect(federation.passkeys.touches).toHaveLength(1);
    expect(events).toEqual([]);
    expect([one, two].map(({ proxy }) => proxy.seen("RemoveServerLock").length)).toEqual([1, 0]);
  });

  it("opens in suite 2 too", { timeout: 60_000 }, async () => {
    const federation = await startFederation({ suite: 2 });
    const [{ url }] = federation.relays;
    const lock = { ...PATIENT, suite: "ffdhe3072" } as const;
    const first = federation.load(lock, [url]);
    await first.wallet.unlock(account);
    await first.until("refreshed", 1);
    expect(await federation.load(lock, [url]).wallet.unlock(account)).toEqual({ by: "relay", relay: url });
  });

  it("tells no relay who calls", async () => {
    const federation = await enrolled();
    await federation.load().wallet.unlock(account);
    const calls = federation.relays.flatMap(({ proxy }) => proxy.seen());
    expect(calls.length).toBeGreaterThan(2);
    for (const { headers, body } of calls) {
      expect(Object.keys(headers)).not.toContain("authorization");
      expect(Object.keys(headers)).not.toContain("cookie");
      for (const name of [ACCOUNT, RP_ID]) expect(body.toString("latin1")).not.toContain(name);
    }
  });

  it.each<[string, Fault | "down"]>([
    ["refuses connections", "down"],
    ["does not answer", { type: "hang" }],
    ["breaks the connection", { type: "drop", when: "after" }],
    ["answers with a page", { type: "garbage", contentType: "text/html", body: "<html></html>" }],
    ["answers bytes that are no message", { type: "garbage" }],
    ["is not there behind its gateway", { type: "garbage", status: 404 }],
    ["answers half", { type: "trickle" }],
    ["answers with another proof", { type: "corrupt" }],
  ])("opens with the next relay when the first %s, and stays there", async (_, fault) => {
    const federation = await enrolled();
    const [one, two] = federation.relays;
    if (fault === "down") await one.proxy.down();
    else one.proxy.fault(fault);
    const lock = { timeoutMs: 1_500 };
    expect(await federation.load(lock).wallet.unlock(account)).toEqual({ by: "relay", relay: two.url });
    const asked = one.proxy.seen("RemoveServerLock").length;
    expect(await federation.load(lock).wallet.unlock(account)).toEqual({ by: "relay", relay: two.url });
    expect(one.proxy.seen("RemoveServerLock")).toHaveLength(asked);
    expect(federation.passkeys.touches).toEqual([]);
    one.proxy.release();
  });

  it("asks for the passkey when no relay is up, and makes envelopes anew afterwards", async () => {
    const federation = await enrolled();
    const [one, two] = federation.relays;
    await Promise.all([one.proxy.down(), two.proxy.down()]);
    const { wallet, events, until } = federation.load();
    expect(await wallet.unlock(account)).toEqual({ by: "passkey" });
    expect(events).toMatchObject([{ type: "fallback", accountId: ACCOUNT, error: { code: 14 } }]);
    expect(federation.passkeys.touches).toMatchObject([{ withPrf: true }]);
    await rotate(two);
    await Promise.all([one.proxy.up(), two.proxy.up()]);
    // The shares are open, and what failed in the background is tried again.
    expect(await wallet.unlock(account)).toEqual({ by: "held" });
    await until("refreshed", 1);
    expect(events.at(-1)).toEqual({ type: "refreshed", ...account, relay: two.url, keyId: two.keyId });
    expect(await federation.load().wallet.unlock(account)).toMatchObject({ by: "relay" });
  });

  it("asks the other relay as well when the first takes long, if it hedges", async () => {
    const federation = await enrolled();
    const [one, two] = federation.relays;
    one.proxy.fault({ type: "hang" });
    const { wallet } = federation.load({ ...PATIENT, hedgeAfterMs: 300 });
    expect(await wallet.unlock(account)).toEqual({ by: "relay", relay: two.url });
    expect(federation.clock.waits).toContain(300);
    one.proxy.release();
  });

  it("stops when the caller does, and asks for nothing", async () => {
    const federation = await enrolled();
    const [one] = federation.relays;
    one.proxy.fault({ type: "hang" });
    const { wallet, events } = federation.load();
    const abort = new AbortController();
    const unlocking = wallet.unlock(account, { signal: abort.signal });
    const refused = expect(unlocking).rejects.toMatchObject({ code: 1 });
    await one.proxy.waitFor("RemoveServerLock");
    abort.abort();
    await refused;
    expect([federation.passkeys.touches, events]).toEqual([[], []]);
    one.proxy.release();
  });

  it("is asked once by two that unlock at the same time", async () => {
    const federation = await enrolled();
    const { wallet } = federation.load();
    const both = await Promise.all([wallet.unlock(account), wallet.unlock(account)]);
    expect(both.map(({ by }) => by)).toEqual(["relay", "held"]);
  });

  it("asks its relay and those of the lock, and not the peers, where the lock names relays", async () => {
    const federation = await startFederation({ count: 3 });
    const [one, two, three] = federation.relays;
    const lock = { ...PATIENT, relays: [two.url] };
    const urls = [one.url, three?.url ?? expect.fail()];
    const { wallet, until } = federation.load(lock, urls);
    await wallet.unlock(account);
    await until("refreshed", 2);
    await one.proxy.down();
    expect(await federation.load(lock, urls).wallet.unlock(account)).toEqual({
      by: "relay",
      relay: two.url,
    });
    expect(three?.proxy.seen()).toEqual([]);
  });

  it("forgets the envelopes when its user signs out", async () => {
    const federation = await enrolled();
    const { wallet } = federation.load();
    await wallet.unlock(account);
    await wallet.signOut();
    expect(await federation.envelopes.of(OWNER)).toEqual([]);
    expect(await federation.load().wallet.unlock(account)).toEqual({ by: "passkey" });
  });

  it("keeps no envelope that was being made while its user signed out", async () => {
    const federation = await startFederation();
    const [one, two] = federation.relays;
    for (const { proxy } of [one, two]) proxy.fault({ type: "delay", when: "after" });
    const { wallet } = federation.load();
    await wallet.unlock(account);
    await Promise.all([one, two].map(({ proxy }) => proxy.waitFor("ApplyServerLock")));
    await wallet.signOut();
    // What was asked before is answered now; what is asked from now on is not.
    for (const { proxy } of [one, two]) {
      proxy.fault({ type: "hang" });
      proxy.release();
    }
    await wallet.unlock(account);
    await Promise.all([one, two].map(({ proxy }) => proxy.waitFor("ApplyServerLock", 2)));
    expect(await federation.envelopes.of(OWNER)).toEqual([]);
    expect(federation.passkeys.touches).toHaveLength(2);
    for (const { proxy } of [one, two]) proxy.release();
  });

  it("refuses a timeout that is too short or too long", async () => {
    const federation = await startFederation({});
    for (const timeoutMs of [999, 3_001, Number.NaN]) {
      expect(() => federation.load({ timeoutMs })).toThrow(RangeError);
    }
  });
});

it("leaves a relay alone for 30 s after three failures in a row, and then tries it with one call", async () => {
  const federation = await enrolled();
  const [one, two] = federation.relays;
  one.proxy.fault({ type: "drop", when: "before" });
  const { wallet, events, until } = federation.load();
  // It fails to open and, in the background, to name its key; then to lock for another account.
  expect(await wallet.unlock(account)).toEqual({ by: "relay", relay: two.url });
  await one.proxy.waitFor("GetKeyInfo");
  await wallet.unlock({ accountId: "bob.testnet" });
  await until("relay-down", 1);
  const [down] = events.filter(({ type }) => type === "relay-down");
  expect(down).toMatchObject({ relay: one.url, error: { code: 14 } });
  await until("refreshed", 1);
  const asked = one.proxy.seen().length;
  await wallet.unlock({ accountId: "carol.testnet" });
  await until("refreshed", 2);
  expect(one.proxy.seen()).toHaveLength(asked);
  one.proxy.fault();
  federation.clock.skip(30_000);
  await wallet.unlock({ accountId: "dave.testnet" });
  await until("refreshed", 4);
  expect(events.filter(({ type }) => type === "relay-up")).toEqual([{ type: "relay-up", relay: one.url }]);
});
