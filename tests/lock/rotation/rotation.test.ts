import { LockKeyState } from "@countersign/gen/countersign/signer/v1/signer_admin_pb.ts";
import { describe, expect, it, onTestFinished } from "vitest";
import { outcomeOf } from "../../signer/threshold/support/reason.ts";
import { createDatabase, postgresUrl } from "../../support/postgres.ts";
import { makeKey, startLockRelay, TENANT } from "../relay/support/lock-relay.ts";
import { startKillableSigner } from "./support/signer-process.ts";
import { type Locked, lockNew, SteadyUnlocking, unlock } from "./support/unlocking.ts";

const TIMEOUT_MS = 240_000;
const ROTATIONS = 5;
/** Unlocks that are answered between two rotations. */
const BETWEEN = 100;

/** Takes the elements in turn. */
function inTurn(elements: readonly Locked[]): () => Locked {
  let next = 0;
  return () => elements[next++ % elements.length] as Locked;
}

const last = <T>(values: readonly T[]): T => values.at(-1) as T;

describe("a relay and a signer of its own process", () => {
  it("lose no unlock of 200 a second while the key is rotated", { timeout: TIMEOUT_MS }, async () => {
    const signer = await startKillableSigner();
    const keyIds = [await makeKey(signer)];
    const { client } = await startLockRelay({ signer: signer.address });
    const elements = [await lockNew(client)];
    const unlocking = new SteadyUnlocking([client], inTurn(elements));
    for (let i = 0; i < ROTATIONS; i++) {
      await unlocking.answered(BETWEEN);
      keyIds.push(await makeKey(signer, undefined, last(keyIds)));
      // Unlocks of the new key begin at once.
      elements.push(await lockNew(client));
    }
    await unlocking.answered(BETWEEN);
    const { unlocks, lost } = await unlocking.stop();
    expect(lost).toEqual([]);
    expect(unlocks).toBeGreaterThanOrEqual((ROTATIONS + 1) * BETWEEN);
    expect(elements.map(({ keyId }) => keyId)).toEqual(keyIds);
  });

  it("keep every key when the signer is killed as soon as it has answered a rotation", {
    timeout: TIMEOUT_MS,
  }, async () => {
    const signer = await startKillableSigner();
    const keyIds = [await makeKey(signer)];
    const { client } = await startLockRelay({ signer: signer.address });
    const elements = [await lockNew(client)];
    for (let i = 0; i < 3; i++) {
      const unlocking = new SteadyUnlocking([client], inTurn(elements));
      await unlocking.answered(20);
      keyIds.push(await makeKey(signer, undefined, last(keyIds)));
      await signer.kill();
      // Those that ran then were lost with it.
      await unlocking.stop();
      await signer.start();
      const info = () => outcomeOf(client.getKeyInfo({ tenant: TENANT }));
      await expect.poll(info, { timeout: 30_000 }).toBe("answered");
      elements.push(await lockNew(client));
      expect(last(elements).keyId).toBe(last(keyIds));
      for (const element of elements) expect((await unlock(client, element)).isRight()).toBe(true);
    }
    const { keys } = await client.getKeyInfo({ tenant: TENANT });
    expect(keys.map(({ keyId, current }) => [keyId, current])).toEqual(
      keyIds.toReversed().map((keyId, i) => [keyId, i === 0]),
    );
  });

  it("open with a key in grace, and refuse it once it is retired, also after a kill", {
    timeout: TIMEOUT_MS,
  }, async () => {
    const signer = await startKillableSigner();
    const old = await makeKey(signer);
    const { client } = await startLockRelay({ signer: signer.address });
    const locked = await lockNew(client);
    await makeKey(signer, undefined, old);
    const current = await lockNew(client);
    expect((await unlock(client, locked)).isRight()).toBe(true);

    const unlocking = new SteadyUnlocking([client], () => current);
    await unlocking.answered(20);
    expect((await signer.admin.retireLockKey({ keyId: old })).key?.state).toBe(LockKeyState.RETIRED);
    const again = () => outcomeOf(unlock(client, locked));
    await expect.poll(again, { timeout: 10_000 }).toBe("LOCK_KEY_UNKNOWN");
    await unlocking.answered(20);
    expect((await unlocking.stop()).lost).toEqual([]);

    await signer.kill();
    await signer.start();
    await expect.poll(again, { timeout: 30_000 }).toBe("LOCK_KEY_UNKNOWN");
    expect((await unlock(client, current)).isRight()).toBe(true);
  });
});

describe.skipIf(postgresUrl === undefined)("two signers on one database, a relay before each", () => {
  it("lose no unlock while either rotates, lock with the new key at once, and agree on a retired one", {
    timeout: TIMEOUT_MS,
  }, async () => {
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    const signers = [await startKillableSigner(database.url), await startKillableSigner(database.url)];
    const keyIds = [await makeKey(signers[0] as (typeof signers)[0])];
    const clients = [];
    for (const { address } of signers) clients.push((await startLockRelay({ signer: address })).client);
    const [one, two] = clients as [(typeof clients)[0], (typeof clients)[0]];
    const elements = [await lockNew(two)];
    const unlocking = new SteadyUnlocking(clients, inTurn(elements));
    for (let i = 0; i < ROTATIONS; i++) {
      await unlocking.answered(BETWEEN);
      const [rotating, other] = i % 2 === 0 ? [0, two] : [1, one];
      keyIds.push(await makeKey(signers[rotating] as (typeof signers)[0], undefined, last(keyIds)));
      elements.push(await lockNew(other));
      expect(last(elements).keyId).toBe(last(keyIds));
    }
    await unlocking.answered(BETWEEN);
    const { unlocks, lost } = await unlocking.stop();
    expect(lost).toEqual([]);
    expect(unlocks).toBeGreaterThanOrEqual((ROTATIONS + 1) * BETWEEN);

    const [first] = elements as [Locked];
    await signers[0]?.admin.retireLockKey({ keyId: first.keyId });
    for (const client of clients) {
      const again = () => outcomeOf(unlock(client, first));
      await expect.poll(again, { timeout: 10_000 }).toBe("LOCK_KEY_UNKNOWN");
    }
    // Each has read the store since: none goes back to what it held before.
    for (const client of [...clients, ...clients]) {
      expect(await outcomeOf(unlock(client, first))).toBe("LOCK_KEY_UNKNOWN");
      expect((await unlock(client, last(elements))).isRight()).toBe(true);
    }
  });
});
