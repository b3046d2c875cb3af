import { expect, it } from "vitest";
import { at, EXPIRY, KEY_ID, keyRecord, OWNER, request, run, session } from "./threshold-builders.ts";
import { overEngines } from "./threshold-homes.ts";

const HASH = new Uint8Array(32).fill(7);
const ANSWER = Uint8Array.of(1, 2, 3);
const HUNDRED = Array.from({ length: 100 }, (_, i) => i);
const count = (results: readonly unknown[], value: unknown) => results.filter((r) => r === value).length;

overEngines("what may be done once", (on) => {
  const both = <T>(work: (store: (typeof on.signers)[0]["store"], i: number) => Promise<T>) =>
    Promise.all(HUNDRED.map((i) => work((on.signers[i % 2] ?? on.signers[0]).store, i)));

  it("a challenge is taken by one of 100 at once", async () => {
    const [{ store }] = on.signers;
    const binding = { use: "session", owner: OWNER, keyId: KEY_ID } as const;
    await store.putChallenge(HASH, binding, EXPIRY);
    const taken = await both((store) => store.takeChallenge(HASH, at(1)));
    expect(taken.filter((b) => b !== undefined)).toEqual([binding]);
  });

  it("a challenge over its time is not taken, and cannot be taken with another clock after that", async () => {
    const [{ store }] = on.signers;
    await store.putChallenge(HASH, { use: "export", owner: OWNER, keyId: KEY_ID }, EXPIRY);
    expect(await store.takeChallenge(HASH, EXPIRY)).toBeUndefined();
    expect(await store.takeChallenge(HASH, at(0))).toBeUndefined();
  });

  it("a session gives as many uses as it has, to 100 callers at two signers", async () => {
    const [{ store }] = on.signers;
    await store.putSession(session({ maxUses: 37 }));
    const requests = HUNDRED.map(() => request());
    const taken = await both((store, i) =>
      store.takeUses(session().tokenHash, at(1), requests.slice(i, i + 1)),
    );
    expect(count(taken, true)).toBe(37);
    expect((await store.session(session().tokenHash))?.uses).toBe(37);
    const kept = await Promise.all(requests.map(({ id }) => store.request(id, at(1))));
    expect(kept.map((r) => r !== undefined)).toEqual(taken);
  });

  it("uses are taken all or none, and not of a session that ended or is over", async () => {
    const [{ store }] = on.signers;
    await store.putSession(session({ maxUses: 3 }));
    const four = [request(), request(), request(), request()];
    const { tokenHash } = session();
    expect(await store.takeUses(tokenHash, at(1), four)).toBe(false);
    expect(await store.request(four[0]?.id ?? "", at(1))).toBeUndefined();
    expect(await store.takeUses(tokenHash, EXPIRY, four.slice(1))).toBe(false);
    expect(await store.takeUses(tokenHash, at(1), four.slice(1))).toBe(true);
    expect(await store.takeUses(tokenHash, at(1), four.slice(0, 1))).toBe(false);
    await store.endSession(tokenHash);
    expect(await store.session(tokenHash)).toBeUndefined();
  });

  it("uses that cannot be kept with their requests are not taken", async () => {
    const [{ store }] = on.signers;
    await store.putSession(session());
    const twice = request();
    await expect(store.takeUses(session().tokenHash, at(1), [twice, twice])).rejects.toThrow(/unique/i);
    expect((await store.session(session().tokenHash))?.uses).toBe(0);
  });

  it("a signing session is finished by one of 100 at once, and then answers what that one said", async () => {
    const [{ store }] = on.signers;
    const wanted = request();
    await store.putRequests([wanted]);
    const opened = run(wanted);
    expect(await store.openSigning(opened, 3, at(1))).toBe(true);
    const answers = await both((store, i) =>
      store.finishSigning(opened.id, new Uint8Array(32).fill(i), Uint8Array.of(i), at(2)),
    );
    expect(count(answers, true)).toBe(1);
    const winner = answers.indexOf(true);
    const { state: _, ...rest } = opened;
    expect(await store.signing(opened.id, at(3))).toEqual({
      stage: "done",
      session: rest,
      messageHash: new Uint8Array(32).fill(winner),
      answer: Uint8Array.of(winner),
    });
    expect(await store.request(wanted.id, at(3))).toBeUndefined();
    expect(await store.openSigning(run(wanted), 100, at(3))).toBe(false);
  });

  it("of 100 runs that begin at once the allowed number does, and one is left open", async () => {
    const [{ store }] = on.signers;
    const wanted = request();
    await store.putRequests([wanted]);
    const runs = HUNDRED.map(() => run(wanted));
    const begun = await both((store, i) => store.openSigning(runs[i] ?? run(wanted), 5, at(1)));
    expect(count(begun, true)).toBe(5);
    const standings = await Promise.all(runs.map(({ id }) => store.signing(id, at(1))));
    expect(
      standings
        .map((s) => s?.stage)
        .filter((s) => s !== undefined)
        .sort(),
    ).toEqual([...Array(4).fill("burnt"), "open"]);
    const rows = await on.query<{ stage: string }>(
      "select stage from threshold_signings where sealed is not null",
    );
    expect(rows.map(({ stage }) => stage)).toEqual(["open"]);
  });

  it("finishing and beginning anew at once leave one that answers", async () => {
    const [{ store }, { store: other }] = on.signers;
    for (let round = 0; round < 20; round++) {
      const wanted = request();
      await store.putRequests([wanted]);
      const [first, second] = [run(wanted), run(wanted)];
      await store.openSigning(first, 2, at(1));
      const [finished, begun] = await Promise.all([
        store.finishSigning(first.id, HASH, ANSWER, at(2)),
        other.openSigning(second, 2, at(2)),
      ]);
      expect([finished, begun].filter(Boolean)).toHaveLength(1);
      expect((await other.signing(first.id, at(2)))?.stage).toBe(finished ? "done" : "burnt");
      // A finish that lost has not finished the request.
      if (!finished) expect(await store.finishSigning(second.id, HASH, ANSWER, at(3))).toBe(true);
    }
  });

  it("burning and finishing at once release an answer only while the nonces were there", async () => {
    const [{ store }, { store: other }] = on.signers;
    for (let round = 0; round < 20; round++) {
      const wanted = request();
      await store.putRequests([wanted]);
      const opened = run(wanted);
      await store.openSigning(opened, 2, at(1));
      const [finished] = await Promise.all([
        store.finishSigning(opened.id, HASH, ANSWER, at(2)),
        other.burnSigning(opened.id),
      ]);
      expect((await store.signing(opened.id, at(2)))?.stage).toBe(finished ? "done" : "burnt");
      expect(await other.finishSigning(opened.id, HASH, ANSWER, at(3))).toBe(false);
    }
  });

  it("a run needs its request's own key and digest, in time", async () => {
    const [{ store }] = on.signers;
    const wanted = request();
    await store.putRequests([wanted]);
    expect(await store.openSigning(run({ ...wanted, digest: HASH }), 3, at(1))).toBe(false);
    expect(await store.openSigning(run({ ...wanted, keyId: "ed25519:other" }), 3, at(1))).toBe(false);
    expect(await store.openSigning(run(wanted), 3, EXPIRY)).toBe(false);
    const opened = run(wanted);
    expect(await store.openSigning(opened, 3, at(1))).toBe(true);
    expect(await store.signing(opened.id, EXPIRY)).toBeUndefined();
    expect(await store.finishSigning(opened.id, HASH, ANSWER, EXPIRY)).toBe(false);
  });

  it("of two that enter one key the second is told what stands", async () => {
    const owners = ["alice", "mallory"].map((user) => keyRecord({ user }));
    const standing = await Promise.all(
      owners.map((record, i) => (on.signers[i] ?? on.signers[0]).store.insertKey(record)),
    );
    expect(standing[0]).toEqual(standing[1]);
    expect(owners).toContainEqual(standing[0]);
    expect(await on.signers[0].store.key(KEY_ID)).toEqual(standing[0]);
  });

  it("a counter goes up once for each value, and one that stays 0 is fine", async () => {
    const [{ store }] = on.signers;
    await store.insertKey(keyRecord());
    const [id, other] = [Uint8Array.of(9, 9), Uint8Array.of(8)];
    expect(await store.noteCounter(KEY_ID, id, 0)).toBe(true);
    expect(await store.noteCounter(KEY_ID, id, 0)).toBe(true);
    expect(count(await both((store) => store.noteCounter(KEY_ID, id, 5)), true)).toBe(1);
    for (const low of [4, 5, 0]) expect(await store.noteCounter(KEY_ID, id, low)).toBe(false);
    expect(await store.noteCounter(KEY_ID, id, 6)).toBe(true);
    expect(await store.noteCounter(KEY_ID, other, 1)).toBe(true);
    expect(await store.noteCounter(KEY_ID, Uint8Array.of(1), 1)).toBe(false);
  });

  it("keys are listed for a tenant's users, the oldest first", async () => {
    const [{ store }] = on.signers;
    const keys = [
      keyRecord({ keyId: "ed25519:b", createdAt: at(1) }),
      keyRecord({ keyId: "ed25519:a", createdAt: at(2), user: "bob" }),
      keyRecord({ keyId: "ed25519:c", createdAt: at(0), user: "carol" }),
      keyRecord({ keyId: "ed25519:d", tenant: "other", epoch: 2 }),
    ];
    for (const key of keys) await store.insertKey(key);
    expect(await store.keysOf("acme", ["bob", "alice"])).toEqual(keys.slice(0, 2));
    expect(await store.keysOf("acme", [])).toEqual([]);
    const epochs = (await on.signers[0].epochsInUse()) as { epoch: number }[];
    expect(epochs.map(({ epoch }) => epoch).sort()).toEqual([1, 2]);
  });
});
