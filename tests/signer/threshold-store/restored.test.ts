import { expect, it } from "vitest";
import { at, EXPIRY, KEY_ID, keyRecord, OWNER, request, run, session } from "./threshold-builders.ts";
import { overEngines } from "./threshold-homes.ts";

const HASH = new Uint8Array(32).fill(7);

overEngines("a threshold store that was put back", (on) => {
  it("has its keys, and nothing of challenges, sessions, requests and nonces", async () => {
    const [{ store }] = on.signers;
    await store.insertKey(keyRecord());
    await store.noteCounter(KEY_ID, Uint8Array.of(8), 5);
    await store.putChallenge(HASH, { use: "authorize", owner: OWNER, keyId: KEY_ID }, EXPIRY);
    await store.putSession(session());
    const requests = [request(), request()];
    await store.putRequests(requests);
    const signings = requests.map((wanted) => run(wanted));
    for (const signing of signings) await store.openSigning(signing, 3, at(0));
    const [open, done] = signings;
    if (open === undefined || done === undefined) throw new Error("no runs");
    await store.finishSigning(done.id, HASH, Uint8Array.of(1), at(1));
    const unused = request();
    await store.putRequests([unused]);

    await on.restore();
    const again = await on.openSigner();

    expect(await again.store.key(KEY_ID)).toEqual(keyRecord());
    expect(await again.store.noteCounter(KEY_ID, Uint8Array.of(8), 5)).toBe(false);
    expect(await again.store.takeChallenge(HASH, at(1))).toBeUndefined();
    expect(await again.store.session(session().tokenHash)).toBeUndefined();
    expect(await again.store.takeUses(session().tokenHash, at(1), [request()])).toBe(false);
    expect(await again.store.request(unused.id, at(1))).toBeUndefined();
    expect(await again.store.openSigning(run(unused), 3, at(1))).toBe(false);
    for (const { id } of signings) expect(await again.store.signing(id, at(1))).toBeUndefined();
    expect(await again.store.finishSigning(open.id, HASH, Uint8Array.of(1), at(1))).toBe(false);

    await again.prune(at(0));
    for (const table of ["challenges", "sessions", "requests", "signings"]) {
      expect(await on.query(`select * from threshold_${table}`), table).toEqual([]);
    }
  });

  it("takes new sessions and requests", async () => {
    await on.restore();
    const { store } = await on.openSigner();
    await store.putSession(session());
    const wanted = request();
    expect(await store.takeUses(session().tokenHash, at(1), [wanted])).toBe(true);
    const signing = run(wanted);
    expect(await store.openSigning(signing, 1, at(1))).toBe(true);
    expect(await store.finishSigning(signing.id, HASH, Uint8Array.of(1), at(2))).toBe(true);
  });
});
