import { expect, it } from "vitest";
import { at, KEY_ID, OWNER, request, session } from "../threshold-store/threshold-builders.ts";
import { overEngines } from "../threshold-store/threshold-homes.ts";
import { BUDGET, EPOCH, entry, fill, LAST, prepare, presign, signing, step } from "./ecdsa-builders.ts";

const ANSWER = Uint8Array.of(1);

overEngines("a store of presignatures that was put back", (on) => {
  it("has none of them, nor of their sessions, signings and counts", async () => {
    await prepare(on);
    const [{ store, ecdsa }] = on.signers;
    const [available, first, second] = await fill(ecdsa, ["a", "b", "c"]);
    const requests = [request(), request()];
    await store.putRequests(requests);
    const wishes = requests.map((wanted, i) => signing(wanted, (i === 0 ? first : second) ?? ANSWER));
    for (const wish of wishes) await ecdsa.reserve(wish, EPOCH, 5, at(1));
    const [reserved, done] = wishes.map(({ id }) => id);
    await ecdsa.finishEcdsaSigning(done ?? "", ANSWER, at(1));
    const begun = presign();
    await ecdsa.openPresign(begun, step(), BUDGET, at(1));

    await on.restore();
    const again = await on.openSigner();
    const { ecdsa: restored } = again;

    expect(await restored.pool(OWNER, KEY_ID, EPOCH)).toEqual([]);
    expect(await restored.presign(begun.id, 1, at(1))).toBeUndefined();
    expect(await restored.stepPresign(begun, 1, step(), at(1))).toBe(false);
    expect(await restored.finishPresign(begun, 1, LAST, entry("d"), at(1))).toBe(false);
    for (const id of [reserved ?? "", done ?? ""]) {
      expect(await restored.ecdsaSigning(id, at(1))).toBeUndefined();
      expect(await restored.finishEcdsaSigning(id, ANSWER, at(1))).toBe(false);
    }
    const wanted = request();
    await again.store.putRequests([wanted]);
    const wish = signing(wanted, available ?? ANSWER);
    expect(await restored.reserve(wish, EPOCH, 5, at(1))).toEqual({ kind: "pool empty" });

    await again.prune(at(1));
    for (const table of ["presigns", "presign_days", "presignatures"]) {
      expect(await on.query(`select * from threshold_${table}`), table).toEqual([]);
    }
  });

  it("makes new ones, with the counts of its own life", async () => {
    await prepare(on);
    const budget = { ...BUDGET, perUserDay: 1 };
    await on.signers[0].ecdsa.openPresign(presign(), step(), budget, at(1));
    await on.restore();
    const { store, ecdsa } = await on.openSigner();
    await store.putSession(session({ tokenHash: "cd".repeat(32) }));
    const open = () => ecdsa.openPresign(presign({ tokenHash: "cd".repeat(32) }), step(), budget, at(1));
    expect(await open()).toBe("opened");
    expect(await open()).toBe("day spent");
  });
});
