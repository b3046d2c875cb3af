import { readFileSync } from "node:fs";
import { Seals } from "@countersign/signer-service/sealing/seals.ts";
import type { SigningSession } from "@countersign/signer-service/threshold/threshold-store.ts";
import { expect, it } from "vitest";
import { at, EXPIRY, request, run, SEALING_KEY } from "./threshold-builders.ts";
import { overEngines, type ThresholdHome } from "./threshold-homes.ts";

const HASH = new Uint8Array(32).fill(7);
const ANSWER = Buffer.from("the answer, which is sealed too");

async function opened(on: ThresholdHome) {
  const [{ store }] = on.signers;
  const wanted = request();
  await store.putRequests([wanted]);
  const signing = run(wanted);
  await store.openSigning(signing, 3, at(0));
  return signing;
}

const SEALED = "select sealed from threshold_signings";
const sealedOf = async (on: ThresholdHome, id: string) =>
  (await on.query<{ sealed: string | null }>(`${SEALED} where id = '${id}'`))[0]?.sealed ?? null;

overEngines("sealed rows", (on) => {
  it("hold nothing readable, open as they were, and are empty once nonces are used or burnt", async () => {
    const [{ store }] = on.signers;
    const [first, second] = [await opened(on), await opened(on)];
    const sealed = await sealedOf(on, first.id);
    expect(sealed).toMatch(/^01[0-9a-f]+$/);
    expect(sealed).not.toContain(Buffer.from(first.state).toString("hex"));
    expect(await store.signing(first.id, at(1))).toMatchObject({
      stage: "open",
      session: { state: Uint8Array.from(first.state) },
    });
    await store.burnSigning(first.id);
    expect(await sealedOf(on, first.id)).toBeNull();
    await store.finishSigning(second.id, HASH, ANSWER, at(1));
    const answer = await sealedOf(on, second.id);
    expect(answer).not.toContain(ANSWER.toString("hex"));
    expect(await store.signing(second.id, at(1))).toMatchObject({ answer: Uint8Array.from(ANSWER) });
  });

  it("that change places between sessions, stages and keys do not open", async () => {
    const [{ store, unreadable }] = on.signers;
    const [first, second] = [await opened(on), await opened(on)];
    const sealed = await sealedOf(on, second.id);
    await on.query(`update threshold_signings set sealed = '${sealed}' where id = '${first.id}'`);
    expect((await store.signing(first.id, at(1)))?.stage).toBe("burnt");
    const hash = "00".repeat(32);
    await on.query(
      `update threshold_signings set stage = 'done', message_hash = '${hash}' where id = '${second.id}'`,
    );
    expect((await store.signing(second.id, at(1)))?.stage).toBe("burnt");
    await on.query(
      `update threshold_signings set stage = 'open', key_id = 'ed25519:other' where id = '${second.id}'`,
    );
    expect((await store.signing(second.id, at(1)))?.stage).toBe("burnt");
    expect(unreadable).toEqual([first.id, second.id, second.id]);
  });

  it("open during a rotation of sealing keys, and not after it", async () => {
    const signing = await opened(on);
    const [{ store, close }] = on.signers;
    expect((await store.signing(signing.id, at(1)))?.stage).toBe("open");
    if (on.file !== undefined) await close();
    const newKey = new Uint8Array(32).fill(6);
    const during = await on.openSigner(new Seals([newKey, SEALING_KEY]));
    expect((await during.store.signing(signing.id, at(1)))?.stage).toBe("open");
    const renewed = request();
    await during.store.putRequests([renewed]);
    const later = run(renewed);
    await during.store.openSigning(later, 1, at(1));
    if (on.file !== undefined) await during.close();
    const after = await on.openSigner(new Seals([newKey]));
    expect((await after.store.signing(signing.id, at(1)))?.stage).toBe("burnt");
    expect((await after.store.signing(later.id, at(1)))?.stage).toBe("open");
  });

  it("leave no bytes in a SQLite file once its log is written back", async () => {
    if (on.file === undefined) return;
    const [signer] = on.signers;
    const signings: SigningSession[] = [];
    for (let i = 0; i < 8; i++) signings.push(await opened(on));
    const burnt = signings.slice(2, 5);
    const sealed = await Promise.all(burnt.map(async ({ id }) => (await sealedOf(on, id)) ?? ""));
    const contents = async () => {
      await on.query("pragma wal_checkpoint(truncate)");
      return readFileSync(on.file ?? "", "latin1");
    };
    const before = await contents();
    // The file itself in a message would help nobody.
    expect(sealed.every((text) => before.includes(text))).toBe(true);
    for (const { id } of burnt) await signer.store.burnSigning(id);
    const after = await contents();
    for (const text of sealed) {
      for (let i = 0; i + 32 <= text.length; i += 32)
        expect(after.includes(text.slice(i, i + 32))).toBe(false);
    }
  });
});

overEngines("pruning", (on) => {
  it("takes nonces as soon as their time is over, and rows ten minutes after it", async () => {
    const [signer] = on.signers;
    const signing = await opened(on);
    await signer.prune(new Date(EXPIRY.getTime() - 1));
    expect(await sealedOf(on, signing.id)).not.toBeNull();
    await signer.prune(EXPIRY);
    expect(await on.query(SEALED)).toMatchObject([{ sealed: null }]);
    await signer.prune(new Date(EXPIRY.getTime() + 600_001));
    expect(await on.query(SEALED)).toEqual([]);
    expect(await on.query("select id from threshold_requests")).toEqual([]);
  });
});
