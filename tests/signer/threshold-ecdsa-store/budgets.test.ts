import type { EcdsaStore } from "@countersign/signer-service/threshold/ecdsa/ecdsa-store.ts";
import { expect, it } from "vitest";
import { at, EXPIRY, KEY_ID, keyRecord, OWNER, session } from "../threshold-store/threshold-builders.ts";
import { overEngines } from "../threshold-store/threshold-homes.ts";
import { BUDGET, EPOCH, entry, fill, LAST, prepare, presign, step } from "./ecdsa-builders.ts";

const HUNDRED = Array.from({ length: 100 }, (_, i) => i);
const count = (results: readonly unknown[], value: unknown) => results.filter((r) => r === value).length;
const BOB = { tenant: "acme", user: "bob" };

overEngines("what presignatures may be made", (on) => {
  const both = <T>(work: (store: EcdsaStore, i: number) => Promise<T>) =>
    Promise.all(HUNDRED.map((i) => work((on.signers[i % 2] ?? on.signers[0]).ecdsa, i)));

  it("is as many as a session has, to 100 callers at two signers", async () => {
    await prepare(on);
    const budget = { ...BUDGET, perSession: 37 };
    const opened = await both((store) => store.openPresign(presign(), step(), budget, at(1)));
    expect(count(opened, "opened")).toBe(37);
    expect(count(opened, "session spent")).toBe(63);
  });

  it("is as many as a user has on a day, over all sessions and keys, and anew on the next", async () => {
    await prepare(on);
    const [{ store, ecdsa }] = on.signers;
    await store.insertKey(keyRecord({ keyId: "other" }));
    const other = "cd".repeat(32);
    await store.putSession(session({ tokenHash: other, keyId: "other", expiresAt: at(200_000_000) }));
    const budget = { ...BUDGET, perUserDay: 21 };
    const opened = await both((store, i) => {
      const wanted = i % 3 === 0 ? presign() : presign({ tokenHash: other, keyId: "other" });
      return store.openPresign(wanted, step(), budget, at(1));
    });
    expect(count(opened, "opened")).toBe(21);
    expect(count(opened, "day spent")).toBe(79);

    const bobs = presign({ owner: BOB });
    expect(await ecdsa.openPresign(bobs, step(), budget, at(1))).toBe("opened");
    const tomorrow = at(86_400_000);
    const later = presign({ tokenHash: other, keyId: "other", expiresAt: at(90_000_000) });
    expect(await ecdsa.openPresign(later, step(), budget, tomorrow)).toBe("opened");
  });

  it("is as many as the pool has room for, those among them that are being made", async () => {
    await prepare(on);
    const [{ ecdsa }] = on.signers;
    await fill(ecdsa, ["a", "b", "c"]);
    const budget = { ...BUDGET, capacity: 8 };
    const wanted = HUNDRED.map(() => presign());
    const opened = await both((store, i) => store.openPresign(wanted[i] ?? presign(), step(), budget, at(1)));
    expect(count(opened, "opened")).toBe(5);
    expect(count(opened, "pool full")).toBe(95);
    // One that is finished still takes its room, one that is aborted gives it back.
    const [first, second] = wanted.filter((_, i) => opened[i] === "opened");
    await ecdsa.finishPresign(first ?? presign(), 1, LAST, entry("d"), at(2));
    expect(await ecdsa.openPresign(presign(), step(), budget, at(2))).toBe("pool full");
    await ecdsa.abortPresign(second?.id ?? "");
    expect(await ecdsa.openPresign(presign(), step(), budget, at(2))).toBe("opened");
    expect(await ecdsa.openPresign(presign(), step(), budget, at(2))).toBe("pool full");
  });

  it("is as many for 100 callers who have neither a session nor a day in common", async () => {
    const [{ store }] = on.signers;
    await store.insertKey(keyRecord());
    const tokens = HUNDRED.map((i) => i.toString(16).padStart(64, "0"));
    const midnight = at(86_400_000);
    const expiresAt = at(86_460_000);
    for (const tokenHash of tokens) await store.putSession(session({ tokenHash, expiresAt }));
    const opened = await both((store, i) => {
      const now = i % 2 === 0 ? midnight : new Date(midnight.getTime() - 1);
      const wanted = presign({ tokenHash: tokens[i] ?? "", expiresAt });
      return store.openPresign(wanted, step(), { ...BUDGET, capacity: 8 }, now);
    });
    expect(count(opened, "opened")).toBe(8);
    expect(count(opened, "pool full")).toBe(92);
  });

  it("is one more where one that is being made has run out of time", async () => {
    await prepare(on);
    const [{ store, ecdsa }] = on.signers;
    const other = "cd".repeat(32);
    await store.putSession(session({ tokenHash: other, expiresAt: at(200_000) }));
    const budget = { ...BUDGET, capacity: 1 };
    expect(await ecdsa.openPresign(presign(), step(), budget, at(1))).toBe("opened");
    const later = presign({ tokenHash: other, expiresAt: at(120_000) });
    expect(await ecdsa.openPresign(later, step(), budget, at(59_999))).toBe("pool full");
    expect(await ecdsa.openPresign(later, step(), budget, EXPIRY)).toBe("opened");
  });

  it("is one more in a full pool whose oldest has lain for ten minutes", async () => {
    await prepare(on);
    const [{ store, ecdsa }] = on.signers;
    const long = "cd".repeat(32);
    await store.putSession(session({ tokenHash: long, expiresAt: at(2_000_000) }));
    const [, b] = await fill(ecdsa, ["a", "b"]);
    const budget = { ...BUDGET, capacity: 2 };
    const later = () => presign({ tokenHash: long, expiresAt: at(2_000_000) });
    expect(await ecdsa.openPresign(later(), step(), budget, at(599_999))).toBe("pool full");
    expect(await ecdsa.openPresign(later(), step(), budget, at(600_000))).toBe("opened");
    expect(await ecdsa.pool(OWNER, KEY_ID, EPOCH)).toEqual([b]);
    // The other one is a millisecond younger.
    expect(await ecdsa.openPresign(later(), step(), budget, at(600_000))).toBe("pool full");
  });

  it("takes nothing from any budget when it is refused", async () => {
    await prepare(on);
    const [{ ecdsa }] = on.signers;
    const full = { perSession: 2, perUserDay: 1_000, capacity: 0 };
    for (let i = 0; i < 5; i++) {
      expect(await ecdsa.openPresign(presign(), step(), full, at(1))).toBe("pool full");
    }
    const noDay = { perSession: 2, perUserDay: 1, capacity: 1_000 };
    expect(await ecdsa.openPresign(presign(), step(), noDay, at(1))).toBe("opened");
    for (let i = 0; i < 5; i++) {
      expect(await ecdsa.openPresign(presign(), step(), noDay, at(1))).toBe("day spent");
    }
    const both = { perSession: 2, perUserDay: 2, capacity: 1_000 };
    const refused = presign();
    expect(await ecdsa.openPresign(presign(), step(), both, at(1))).toBe("opened");
    expect(await ecdsa.openPresign(refused, step(), both, at(1))).toBe("session spent");
    expect(await ecdsa.presign(refused.id, 1, at(1))).toBeUndefined();
  });

  it("is none of a session that ended or is over", async () => {
    await prepare(on);
    const [{ store, ecdsa }] = on.signers;
    expect(await ecdsa.openPresign(presign(), step(), BUDGET, EXPIRY)).toBe("session spent");
    await store.endSession(session().tokenHash);
    expect(await ecdsa.openPresign(presign(), step(), BUDGET, at(1))).toBe("session spent");
  });
});
