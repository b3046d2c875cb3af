import type { EcdsaStore } from "@countersign/signer-service/threshold/ecdsa/ecdsa-store.ts";
import { expect, it } from "vitest";
import { at, EXPIRY, KEY_ID, OWNER, request } from "../threshold-store/threshold-builders.ts";
import { overEngines } from "../threshold-store/threshold-homes.ts";
import {
  answered,
  BUDGET,
  EPOCH,
  entry,
  fill,
  goneOnFrom,
  LAST,
  prepare,
  presign,
  signing,
  step,
} from "./ecdsa-builders.ts";

const HUNDRED = Array.from({ length: 100 }, (_, i) => i);

overEngines("a presign session", (on) => {
  const both = <T>(work: (store: EcdsaStore, i: number) => Promise<T>) =>
    Promise.all(HUNDRED.map((i) => work((on.signers[i % 2] ?? on.signers[0]).ecdsa, i)));
  const opened = async () => {
    await prepare(on);
    const begun = presign();
    await on.signers[0].ecdsa.openPresign(begun, step(), BUDGET, at(1));
    return begun;
  };

  it("goes from step to step at any signer, each with its flight, answer and state", async () => {
    const begun = await opened();
    const [{ ecdsa }, { ecdsa: other }] = on.signers;
    const first = { ...begun, version: 1 };
    expect(await other.presign(begun.id, 1, at(2))).toEqual({ ...first, step: goneOnFrom(step()) });
    expect(await other.presign(begun.id, 0, at(2))).toEqual({ ...first, step: answered(step()) });
    const neither = { ...first, step: answered(goneOnFrom(step())) };
    expect(await other.presign(begun.id, 2, at(2))).toEqual(neither);
    const next = step({ stage: "triples_done" });
    expect(await other.stepPresign(begun, 1, next, at(2))).toBe(true);
    const second = { ...begun, version: 2 };
    expect(await ecdsa.presign(begun.id, 2, at(3))).toEqual({ ...second, step: goneOnFrom(next) });
    expect(await ecdsa.presign(begun.id, 1, at(3))).toEqual({ ...second, step: answered(next) });
    expect(await ecdsa.finishPresign(begun, 2, LAST, entry("a"), at(3))).toBe(true);
    expect(await other.presign(begun.id, 2, at(4))).toEqual({ ...begun, version: 3, step: LAST });
    expect(await other.pool(OWNER, KEY_ID, EPOCH)).toEqual([entry("a").id]);
  });

  it("keeps bytes of a whole flight", async () => {
    await prepare(on);
    const [{ ecdsa }] = on.signers;
    const begun = presign();
    const large = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31) % 256);
    await ecdsa.openPresign(begun, step({ answer: large, state: large }), BUDGET, at(1));
    expect((await ecdsa.presign(begun.id, 1, at(1)))?.step.state).toEqual(large);
    expect((await ecdsa.presign(begun.id, 0, at(1)))?.step.answer).toEqual(large);
  });

  it("takes one of 100 steps that come at once, and none at another version", async () => {
    const begun = await opened();
    const answers = HUNDRED.map((i) => step({ answer: Uint8Array.of(i) }));
    const taken = await both((store, i) => store.stepPresign(begun, 1, answers[i] ?? step(), at(2)));
    expect(taken.filter(Boolean)).toHaveLength(1);
    const [{ ecdsa }] = on.signers;
    expect(await ecdsa.presign(begun.id, 1, at(2))).toMatchObject({
      version: 2,
      step: { answer: Uint8Array.of(taken.indexOf(true)) },
    });
    for (const version of [0, 1, 3]) {
      expect(await ecdsa.stepPresign(begun, version, step(), at(2))).toBe(false);
    }
  });

  it("puts one presignature into the pool, whoever ends it at once", async () => {
    const begun = await opened();
    const ended = await both((store, i) =>
      i % 3 === 0
        ? store.stepPresign(begun, 1, step(), at(2))
        : store.finishPresign(begun, 1, LAST, entry(`${i}`), at(2)),
    );
    expect(ended.filter(Boolean)).toHaveLength(1);
    const winner = ended.indexOf(true);
    const [{ ecdsa }] = on.signers;
    const pool = await ecdsa.pool(OWNER, KEY_ID, EPOCH);
    expect(pool).toEqual(winner % 3 === 0 ? [] : [entry(`${winner}`).id]);
  });

  it("is over after its last step, and after its time", async () => {
    const begun = await opened();
    const [{ ecdsa }] = on.signers;
    expect(await ecdsa.presign(begun.id, 1, EXPIRY)).toBeUndefined();
    expect(await ecdsa.stepPresign(begun, 1, step(), EXPIRY)).toBe(false);
    expect(await ecdsa.finishPresign(begun, 1, LAST, entry("a"), EXPIRY)).toBe(false);
    expect(await ecdsa.pool(OWNER, KEY_ID, EPOCH)).toEqual([]);
    expect(await ecdsa.finishPresign(begun, 1, LAST, entry("a"), at(2))).toBe(true);
    expect(await ecdsa.stepPresign(begun, 2, step(), at(3))).toBe(false);
    expect(await ecdsa.finishPresign(begun, 2, LAST, entry("b"), at(3))).toBe(false);
    expect(await ecdsa.pool(OWNER, KEY_ID, EPOCH)).toEqual([entry("a").id]);
  });

  it("leaves nothing when it is aborted", async () => {
    const begun = await opened();
    const [{ ecdsa }] = on.signers;
    await ecdsa.abortPresign(begun.id);
    expect(await ecdsa.presign(begun.id, 1, at(2))).toBeUndefined();
    expect(await ecdsa.stepPresign(begun, 1, step(), at(2))).toBe(false);
    expect(await ecdsa.finishPresign(begun, 1, LAST, entry("a"), at(2))).toBe(false);
    expect(await on.query("select id from threshold_presigns")).toEqual([]);
    await ecdsa.abortPresign("unknown");
  });

  it("takes what it has made away with it when it is aborted, reserved or not, but for what is used", async () => {
    await prepare(on);
    const [{ store, ecdsa }] = on.signers;
    const sessions = [presign(), presign(), presign()];
    const requests = [request(), request(), request()];
    await store.putRequests(requests);
    const signings = requests.map((of, i) => signing(of, entry(`${i}`).id));
    for (const [i, begun] of sessions.entries()) {
      await ecdsa.openPresign(begun, step(), BUDGET, at(1));
      await ecdsa.finishPresign(begun, 1, LAST, entry(`${i}`), at(1));
    }
    for (const wanted of signings.slice(1)) await ecdsa.reserve(wanted, EPOCH, 5, at(2));
    const [, reserved, used] = signings.map(({ id }) => id);
    await ecdsa.finishEcdsaSigning(used ?? "", Uint8Array.of(1), at(3));

    for (const { id } of sessions) await ecdsa.abortPresign(id);
    expect(await ecdsa.pool(OWNER, KEY_ID, EPOCH)).toEqual([]);
    expect((await ecdsa.ecdsaSigning(reserved ?? "", at(4)))?.stage).toBe("destroyed");
    expect(await ecdsa.finishEcdsaSigning(reserved ?? "", Uint8Array.of(1), at(4))).toBe(false);
    expect((await ecdsa.ecdsaSigning(used ?? "", at(4)))?.stage).toBe("done");
  });

  it("that is aborted while its presignature is reserved leaves it destroyed", async () => {
    await prepare(on);
    const [{ store, ecdsa }, { ecdsa: other }] = on.signers;
    for (let round = 0; round < 20; round++) {
      const [wanted, begun] = [request(), presign()];
      await store.putRequests([wanted]);
      await ecdsa.openPresign(begun, step(), BUDGET, at(1));
      await ecdsa.finishPresign(begun, 1, LAST, entry(`${round}`), at(1));
      const run = signing(wanted, entry(`${round}`).id);
      await Promise.all([ecdsa.reserve(run, EPOCH, 5, at(2)), other.abortPresign(begun.id)]);
      expect((await ecdsa.ecdsaSigning(run.id, at(2)))?.stage ?? "destroyed").toBe("destroyed");
      expect(await ecdsa.finishEcdsaSigning(run.id, Uint8Array.of(1), at(2))).toBe(false);
      expect(await ecdsa.pool(OWNER, KEY_ID, EPOCH)).toEqual([]);
    }
  });

  it("puts what it makes behind what the pool has", async () => {
    await prepare(on);
    const [{ ecdsa }] = on.signers;
    const ids = await fill(ecdsa, ["c", "a", "b"]);
    expect(await ecdsa.pool(OWNER, KEY_ID, EPOCH)).toEqual(ids);
    expect(await ecdsa.pool({ ...OWNER, user: "bob" }, KEY_ID, EPOCH)).toEqual([]);
    expect(await ecdsa.pool({ ...OWNER, tenant: "other" }, KEY_ID, EPOCH)).toEqual([]);
    expect(await ecdsa.pool(OWNER, "other", EPOCH)).toEqual([]);
    expect(await ecdsa.pool(OWNER, KEY_ID, 2)).toEqual([]);
  });
});
