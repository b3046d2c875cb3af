import { readFileSync } from "node:fs";
import { Seals } from "@countersign/signer-service/sealing/seals.ts";
import { expect, it } from "vitest";
import { at, EXPIRY, KEY_ID, OWNER, request, SEALING_KEY } from "../threshold-store/threshold-builders.ts";
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
  SIGNING_EXPIRY,
  signing,
  step,
} from "./ecdsa-builders.ts";

const ANSWER = Uint8Array.from(Buffer.from("the answer, which is sealed too"));

overEngines("what is sealed of presignatures", (on) => {
  const reserved = async (name: string) => {
    const [{ store, ecdsa }] = on.signers;
    const [id] = await fill(ecdsa, [name]);
    const wanted = request();
    await store.putRequests([wanted]);
    const wish = signing(wanted, id ?? ANSWER);
    await ecdsa.reserve(wish, EPOCH, 5, at(1));
    return wish;
  };
  const rows = (table: "presigns" | "presignatures") =>
    on.query<Record<string, unknown>>(`select * from threshold_${table}`);
  const bytesOf = (value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value), "hex");
  const sealedOf = async (id: string) =>
    (
      await on.query<{ sealed: string | null }>(
        `select sealed from threshold_presignatures where signing_id = '${id}'`,
      )
    )[0]?.sealed;

  it("holds nothing readable, and is gone once it is used up or destroyed", async () => {
    await prepare(on);
    const [{ ecdsa }] = on.signers;
    const begun = presign();
    await ecdsa.openPresign(begun, step(), BUDGET, at(1));
    const [row] = await rows("presigns");
    expect(bytesOf(row?.state).includes(Buffer.from(step().state))).toBe(false);
    expect(bytesOf(row?.answer).includes(Buffer.from(step().answer))).toBe(false);
    await ecdsa.finishPresign(begun, 1, LAST, entry("a"), at(1));
    expect(await rows("presigns")).toMatchObject([{ stage: "done", state: null }]);
    const [pooled] = await rows("presignatures");
    expect(bytesOf(pooled?.sealed).includes(Buffer.from(entry("a").state))).toBe(false);

    const wish = await reserved("b");
    const secrets = await sealedOf(wish.id);
    await ecdsa.finishEcdsaSigning(wish.id, ANSWER, at(2));
    const answer = await sealedOf(wish.id);
    expect(answer).not.toBe(secrets);
    expect(bytesOf(answer).includes(Buffer.from(ANSWER))).toBe(false);
    const burnt = await reserved("c");
    await ecdsa.ecdsaSigning(burnt.id, SIGNING_EXPIRY);
    expect(await sealedOf(burnt.id)).toBeNull();
  });

  it("does not open at another step, presignature, stage or key, and is told of", async () => {
    await prepare(on);
    const [{ ecdsa, unreadable }] = on.signers;
    const begun = presign();
    await ecdsa.openPresign(begun, step(), BUDGET, at(1));
    /** Of the state, and of the answer. */
    const opened = async (at1: number) => [
      await ecdsa.presign(begun.id, at1, at(1)),
      await ecdsa.presign(begun.id, at1 - 1, at(1)),
    ];
    await on.query("update threshold_presigns set version = 2");
    expect(await opened(2)).toEqual([undefined, undefined]);
    await on.query("update threshold_presigns set version = 1, key_id = 'other'");
    expect(await opened(1)).toEqual([undefined, undefined]);
    await on.query(`update threshold_presigns set key_id = '${KEY_ID}', state = answer, answer = state`);
    expect(await opened(1)).toEqual([undefined, undefined]);

    const [first, second] = [await reserved("a"), await reserved("b")];
    const sealed = await sealedOf(second.id);
    await on.query(
      `update threshold_presignatures set sealed = '${sealed}' where signing_id = '${first.id}'`,
    );
    expect((await ecdsa.ecdsaSigning(first.id, at(1)))?.stage).toBe("destroyed");
    await on.query(`update threshold_presignatures set state = 'used' where signing_id = '${second.id}'`);
    expect((await ecdsa.ecdsaSigning(second.id, at(1)))?.stage).toBe("destroyed");
    expect(unreadable).toEqual([...Array.from({ length: 6 }, () => begun.id), first.id, second.id]);
  });

  it("opens during a rotation of sealing keys, and not after it", async () => {
    await prepare(on);
    const wish = await reserved("a");
    const begun = presign();
    await on.signers[0].ecdsa.openPresign(begun, step(), BUDGET, at(1));
    if (on.file !== undefined) await on.signers[0].close();
    const newKey = new Uint8Array(32).fill(6);
    const during = await on.openSigner(new Seals([newKey, SEALING_KEY]));
    expect((await during.ecdsa.ecdsaSigning(wish.id, at(1)))?.stage).toBe("reserved");
    expect(await during.ecdsa.stepPresign(begun, 1, step({ stage: "presign" }), at(1))).toBe(true);
    if (on.file !== undefined) await during.close();
    const after = await on.openSigner(new Seals([newKey]));
    expect((await after.ecdsa.ecdsaSigning(wish.id, at(1)))?.stage).toBe("destroyed");
    const kept = step({ stage: "presign" });
    expect((await after.ecdsa.presign(begun.id, 2, at(1)))?.step).toEqual(goneOnFrom(kept));
    expect((await after.ecdsa.presign(begun.id, 1, at(1)))?.step).toEqual(answered(kept));
    expect(after.unreadable).toEqual([wish.id]);
  });

  it("leaves no bytes in a SQLite file once its log is written back", async () => {
    if (on.file === undefined) return;
    await prepare(on);
    const [{ ecdsa }] = on.signers;
    const begun = presign();
    await ecdsa.openPresign(begun, step({ state: new Uint8Array(20_000).fill(7) }), BUDGET, at(1));
    const wishes = [await reserved("a"), await reserved("b"), await reserved("c")];
    const sealed = await Promise.all(wishes.map(async ({ id }) => (await sealedOf(id)) ?? ""));
    const [row] = await rows("presigns");
    const state = bytesOf(row?.state).toString("latin1");
    const contents = async () => {
      await on.query("pragma wal_checkpoint(truncate)");
      return readFileSync(on.file ?? "", "latin1");
    };
    // A long value lies in pieces of a page.
    const pieces = [...sealed, state].flatMap((text) =>
      Array.from({ length: Math.floor(text.length / 32) }, (_, i) => text.slice(i * 32, i * 32 + 32)),
    );
    const before = await contents();
    expect(sealed.every((text) => before.includes(text))).toBe(true);
    expect(pieces.filter((piece) => before.includes(piece)).length).toBeGreaterThan(600);
    await ecdsa.abortPresign(begun.id);
    await ecdsa.finishEcdsaSigning(wishes[0]?.id ?? "", ANSWER, at(2));
    for (const { id } of wishes.slice(1)) await ecdsa.ecdsaSigning(id, SIGNING_EXPIRY);
    const after = await contents();
    // All values have the version and the sealing key's id in front: 9 bytes.
    expect(pieces.filter((piece) => after.includes(piece))).toEqual([]);
  });
});

overEngines("pruning", (on) => {
  it("takes secrets as soon as their time is over, and the pool not at all", async () => {
    await prepare(on);
    const [signer] = on.signers;
    const { store, ecdsa } = signer;
    const ids = await fill(ecdsa, ["a", "b", "c"]);
    const requests = [request(), request()];
    await store.putRequests(requests);
    const wishes = requests.map((wanted, i) => signing(wanted, ids[i] ?? ANSWER));
    for (const wish of wishes) await ecdsa.reserve(wish, EPOCH, 5, at(1));
    await ecdsa.finishEcdsaSigning(wishes[1]?.id ?? "", ANSWER, at(2));
    await ecdsa.openPresign(presign(), step(), BUDGET, at(1));
    const states = async () => {
      const found = await on.query<{ state: string; sealed: string | null }>(
        "select state, sealed from threshold_presignatures order by created_at",
      );
      return found.map(({ state, sealed }) => `${state} ${sealed === null ? "empty" : "sealed"}`);
    };

    await signer.prune(new Date(SIGNING_EXPIRY.getTime() - 1));
    expect(await states()).toEqual(["reserved sealed", "used sealed", "available sealed"]);
    await signer.prune(SIGNING_EXPIRY);
    expect(await states()).toEqual(["destroyed empty", "used sealed", "available sealed"]);
    expect(await on.query("select id from threshold_presigns")).toHaveLength(4);
    await signer.prune(EXPIRY);
    expect(await on.query("select id from threshold_presigns")).toEqual([]);
    await signer.prune(new Date(SIGNING_EXPIRY.getTime() + 600_001));
    expect(await states()).toEqual(["available sealed"]);
    expect(await on.query("select made from threshold_presign_days")).toHaveLength(1);
    await signer.prune(at(86_400_000 + 600_000));
    expect(await on.query("select made from threshold_presign_days")).toEqual([]);
    expect(await ecdsa.pool(OWNER, KEY_ID, EPOCH)).toEqual([ids[2]]);
  });
});
