import type { EcdsaStore } from "@countersign/signer-service/threshold/ecdsa/ecdsa-store.ts";
import { expect, it } from "vitest";
import { at, EXPIRY, KEY_ID, OWNER, request } from "../threshold-store/threshold-builders.ts";
import { overEngines } from "../threshold-store/threshold-homes.ts";
import { EPOCH, entry, fill, hash, prepare, SIGNING_EXPIRY, signing } from "./ecdsa-builders.ts";
import { changesOf, recordStates } from "./states.ts";

const HUNDRED = Array.from({ length: 100 }, (_, i) => i);
const ANSWER = Uint8Array.of(1, 2, 3);

overEngines("a presignature", (on) => {
  const both = <T>(work: (store: EcdsaStore, i: number) => Promise<T>) =>
    Promise.all(HUNDRED.map((i) => work((on.signers[i % 2] ?? on.signers[0]).ecdsa, i)));
  /** Presignatures in the pool, and requests that may use them. */
  const ready = async (names: readonly string[], requests = names.length) => {
    await prepare(on);
    const [{ store, ecdsa }] = on.signers;
    const ids = await fill(ecdsa, names);
    const made = Array.from({ length: requests }, () => request());
    await store.putRequests(made);
    return { ids, requests: made };
  };
  const one = async () => {
    const { ids, requests } = await ready(["a"]);
    const [id, wanted] = [ids[0], requests[0]];
    if (id === undefined || wanted === undefined) throw new Error("nothing is ready");
    return { id, wanted };
  };

  it("is reserved for one of 100 requests that want it at once", async () => {
    const { requests } = await ready(["a", "b"], 100);
    const wishes = requests.map((of) => signing(of, entry("a").id));
    const told = await both((store, i) =>
      store.reserve(wishes[i] ?? signing(request(), ANSWER), EPOCH, 5, at(1)),
    );
    expect(told.filter(({ kind }) => kind === "reserved")).toHaveLength(1);
    expect(told.filter(({ kind }) => kind === "presignature invalid")).toHaveLength(99);
    const winner = wishes[told.findIndex(({ kind }) => kind === "reserved")];
    const [{ ecdsa }] = on.signers;
    expect(await ecdsa.ecdsaSigning(winner?.id ?? "", at(1))).toEqual({
      stage: "reserved",
      signing: winner,
      presignature: entry("a"),
    });
    expect(await ecdsa.pool(OWNER, KEY_ID, EPOCH)).toEqual([entry("b").id]);
  });

  it("has one signing, which 100 identical wishes at once are told", async () => {
    const { id, wanted } = await one();
    const told = await both((store) => store.reserve(signing(wanted, id), EPOCH, 1, at(1)));
    const [first] = told;
    expect(first?.kind).toBe("reserved");
    expect(told).toEqual(HUNDRED.map(() => first));
  });

  it("is used by one of 100 that end its signing at once, which then answers what that one said", async () => {
    const { id, wanted } = await one();
    const wish = signing(wanted, id);
    const [{ store, ecdsa }] = on.signers;
    await ecdsa.reserve(wish, EPOCH, 5, at(1));
    const ended = await both((store, i) => store.finishEcdsaSigning(wish.id, Uint8Array.of(i), at(2)));
    expect(ended.filter(Boolean)).toHaveLength(1);
    const done = { stage: "done", signing: wish, answer: Uint8Array.of(ended.indexOf(true)) };
    expect(await ecdsa.ecdsaSigning(wish.id, at(3))).toEqual(done);
    // Its answer stays for who has not heard it, its request does not.
    expect(await ecdsa.ecdsaSigning(wish.id, SIGNING_EXPIRY)).toEqual(done);
    expect(await store.request(wanted.id, at(3))).toBeUndefined();
    expect(await ecdsa.reserve(signing(wanted, id), EPOCH, 5, at(3))).toEqual({
      kind: "reserved",
      signing: wish,
    });
    const other = signing(wanted, id, { clientEntropyHash: hash("another") });
    expect(await ecdsa.reserve(other, EPOCH, 5, at(3))).toEqual({ kind: "request invalid" });
  });

  it("never goes back, whatever a crowd does with it", async () => {
    const names = HUNDRED.slice(0, 12).map(String);
    const { ids, requests } = await ready(names, 6);
    await recordStates(on);
    const signings: string[] = [];
    await both(async (store, i) => {
      const [wanted, id] = [requests[i % 6], ids[(i * 7) % 12]];
      if (wanted === undefined || id === undefined) throw new Error("nothing is ready");
      const wish = signing(wanted, id, { clientEntropyHash: hash(`${i % 5}`) });
      const told = await store.reserve(wish, EPOCH, 4, at(1));
      if (told.kind !== "reserved") return;
      signings.push(told.signing.id);
      if (i % 4 === 0)
        await store.finishEcdsaSigning(told.signing.id, Uint8Array.of(i), at(i % 8 ? 2 : 40_000));
    });
    const [{ ecdsa }] = on.signers;
    // The time of those that are left runs out.
    const standings = await Promise.all(signings.map((id) => ecdsa.ecdsaSigning(id, SIGNING_EXPIRY)));
    expect(standings.every((s) => s?.stage === "done" || s?.stage === "destroyed")).toBe(true);
    const { wrong, ways } = await changesOf(on);
    expect(wrong).toEqual([]);
    expect(ways["available → reserved"]).toBe(
      (ways["reserved → used"] ?? 0) + (ways["reserved → destroyed"] ?? 0),
    );
    const left = await on.query(
      "select id from threshold_presignatures where sealed is not null and state <> 'used'",
    );
    expect(left).toHaveLength((await ecdsa.pool(OWNER, KEY_ID, EPOCH)).length);
  });

  it("is destroyed when its request takes another one or other entropy, and at most so often", async () => {
    const { ids, requests } = await ready(["a", "b", "c", "d"], 1);
    const [wanted] = requests;
    const [a, b, c] = ids;
    if (wanted === undefined || a === undefined || b === undefined || c === undefined)
      throw new Error("none");
    const [{ ecdsa }, { ecdsa: other }] = on.signers;
    const first = signing(wanted, a);
    await ecdsa.reserve(first, EPOCH, 3, at(1));
    const second = signing(wanted, b);
    expect((await other.reserve(second, EPOCH, 3, at(1))).kind).toBe("reserved");
    expect(await ecdsa.ecdsaSigning(first.id, at(1))).toEqual({ stage: "destroyed", signing: first });
    expect(await ecdsa.finishEcdsaSigning(first.id, ANSWER, at(1))).toBe(false);
    const third = signing(wanted, b, { clientEntropyHash: hash("another") });
    expect(await ecdsa.reserve(third, EPOCH, 3, at(1))).toEqual({ kind: "presignature invalid" });
    expect((await ecdsa.ecdsaSigning(second.id, at(1)))?.stage).toBe("destroyed");
    const fourth = signing(wanted, c);
    expect(await ecdsa.reserve(fourth, EPOCH, 3, at(1))).toEqual({ kind: "request invalid" });
    expect((await ecdsa.reserve(fourth, EPOCH, 4, at(1))).kind).toBe("reserved");
  });

  it("is destroyed when its request comes with another digest", async () => {
    const { id, wanted } = await one();
    const [{ ecdsa }] = on.signers;
    const wish = signing(wanted, id);
    await ecdsa.reserve(wish, EPOCH, 5, at(1));
    const other = { ...wanted, digest: hash("another") };
    expect(await ecdsa.reserve(signing(other, id), EPOCH, 5, at(1))).toEqual({ kind: "digest mismatch" });
    expect((await ecdsa.ecdsaSigning(wish.id, at(1)))?.stage).toBe("destroyed");
    expect(await ecdsa.reserve(signing(wanted, id), EPOCH, 5, at(1))).toEqual({ kind: "pool empty" });
  });

  it("is destroyed when its time is over, and cannot be used with another clock after that", async () => {
    const { id, wanted } = await one();
    const [{ ecdsa }, { ecdsa: other }] = on.signers;
    const wish = signing(wanted, id);
    await ecdsa.reserve(wish, EPOCH, 5, at(1));
    expect(await other.finishEcdsaSigning(wish.id, ANSWER, SIGNING_EXPIRY)).toBe(false);
    expect((await ecdsa.ecdsaSigning(wish.id, new Date(SIGNING_EXPIRY.getTime() - 1)))?.stage).toBe(
      "reserved",
    );
    expect((await other.ecdsaSigning(wish.id, SIGNING_EXPIRY))?.stage).toBe("destroyed");
    expect((await ecdsa.ecdsaSigning(wish.id, at(1)))?.stage).toBe("destroyed");
    expect(await ecdsa.finishEcdsaSigning(wish.id, ANSWER, at(1))).toBe(false);
    expect(await ecdsa.reserve(signing(wanted, id), EPOCH, 5, at(1))).toEqual({ kind: "pool empty" });
  });

  it("that is over its time is no answer to the identical wish", async () => {
    const { id, wanted } = await one();
    const [{ ecdsa }] = on.signers;
    await ecdsa.reserve(signing(wanted, id), EPOCH, 5, at(1));
    expect(await ecdsa.reserve(signing(wanted, id), EPOCH, 5, SIGNING_EXPIRY)).toEqual({
      kind: "pool empty",
    });
  });

  it("is its key's, owner's and epoch's alone", async () => {
    const { ids, requests } = await ready(["a", "b"]);
    const [id] = ids;
    const [wanted] = requests;
    if (id === undefined || wanted === undefined) throw new Error("nothing is ready");
    const [{ store, ecdsa }] = on.signers;
    const foreign = request({ keyId: "other" });
    await store.putRequests([foreign]);
    const tell = async (wish: ReturnType<typeof signing>, epoch = EPOCH) =>
      (await ecdsa.reserve(wish, epoch, 100, at(1))).kind;
    expect(await tell(signing(foreign, id))).toBe("pool empty");
    expect(await tell(signing({ ...wanted, keyId: "other" }, id))).toBe("request invalid");
    for (const owner of [
      { ...OWNER, user: "bob" },
      { ...OWNER, tenant: "other" },
    ]) {
      expect(await tell(signing(wanted, id, { owner }))).toBe("pool empty");
    }
    expect(await tell(signing(wanted, id), 2)).toBe("pool empty");
    expect(await tell(signing(wanted, hash("unknown")))).toBe("presignature invalid");
    expect(await tell(signing(wanted, id))).toBe("reserved");
  });

  it("is for a request that is there, in time", async () => {
    const { id, wanted } = await one();
    const [{ ecdsa }] = on.signers;
    expect(await ecdsa.reserve(signing(request(), id), EPOCH, 5, at(1))).toEqual({ kind: "request invalid" });
    expect(await ecdsa.reserve(signing(wanted, id), EPOCH, 5, EXPIRY)).toEqual({ kind: "request invalid" });
    // A signing has its own time, whatever becomes of its request's.
    const wish = signing(wanted, id, { expiresAt: at(89_000) });
    expect((await ecdsa.reserve(wish, EPOCH, 5, at(59_000))).kind).toBe("reserved");
    expect(await ecdsa.reserve(signing(wanted, id), EPOCH, 5, at(61_000))).toEqual({
      kind: "reserved",
      signing: wish,
    });
    expect(await ecdsa.finishEcdsaSigning(wish.id, ANSWER, at(61_000))).toBe(true);
  });

  it("is used while its request takes another, or destroyed, but not both", async () => {
    await prepare(on);
    const [{ store, ecdsa }, { ecdsa: other }] = on.signers;
    for (let round = 0; round < 20; round++) {
      const [first, second] = await fill(ecdsa, [`${round} a`, `${round} b`]);
      if (first === undefined || second === undefined) throw new Error("none was made");
      const wanted = request();
      await store.putRequests([wanted]);
      const [one, two] = [signing(wanted, first), signing(wanted, second)];
      await ecdsa.reserve(one, EPOCH, 5, at(2));
      const [finished, told] = await Promise.all([
        ecdsa.finishEcdsaSigning(one.id, ANSWER, at(2)),
        other.reserve(two, EPOCH, 5, at(2)),
      ]);
      expect(told.kind).toBe(finished ? "request invalid" : "reserved");
      expect((await other.ecdsaSigning(one.id, at(2)))?.stage).toBe(finished ? "done" : "destroyed");
      if (!finished) expect(await ecdsa.finishEcdsaSigning(two.id, ANSWER, at(3))).toBe(true);
    }
  });
});
