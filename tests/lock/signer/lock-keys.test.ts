import { randomBytes } from "node:crypto";
import { createClient } from "@connectrpc/connect";
import { lockKeyId } from "@countersign/crypto/lock/key-id.ts";
import { verifyApply, verifyRemove } from "@countersign/crypto/lock/lock-answer.ts";
import { randomScalar } from "@countersign/crypto/lock/lock-suite.ts";
import { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { LockSignerService } from "@countersign/gen/countersign/signer/v1/lock_signer_service_pb.ts";
import { LockKeyState } from "@countersign/gen/countersign/signer/v1/signer_admin_pb.ts";
import { lockSuite, ristretto255Arithmetic } from "@countersign/signer-service/lock/lock-suites.ts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unixTransport } from "../../signer/support/signer-client.ts";
import { outcomeOf } from "../../signer/threshold/support/reason.ts";
import { startThresholdSigner } from "../../signer/threshold/support/threshold-signer.ts";
import { createDatabase, postgresUrl, type TestDatabase } from "../../support/postgres.ts";
import { type LockSigner, startLockSigner } from "./lock-signer.ts";

const SUITES = [
  { name: "ristretto255", suite: LockSuite.RISTRETTO255_V1, group: lockSuite(1) },
  { name: "ffdhe3072", suite: LockSuite.FFDHE3072_V1, group: lockSuite(2) },
] as const;

const [{ suite: RISTRETTO, group: ristretto }] = SUITES;

const randomElement = (group = ristretto) => group.multiplyBase(randomScalar(group, randomBytes));

/** Makes the first key of the suite. */
async function firstKey({ admin }: LockSigner, suite: LockSuite = RISTRETTO): Promise<string> {
  const { key } = await admin.rotateLockKey({ suite, replacedKeyId: "" });
  return key?.key?.keyId ?? "";
}

describe("a signer without lock keys", () => {
  it("says LOCK_DISABLED: without a section, without a key, and without one of the suite", async () => {
    const without = await startThresholdSigner();
    const client = createClient(LockSignerService, unixTransport(without.address));
    expect(await outcomeOf(client.getLockKeys({}))).toBe("LOCK_DISABLED");
    expect(await outcomeOf(without.admin.listLockKeys({}))).toBe("LOCK_DISABLED");
    expect(without.logged()).not.toContain("lock served");
    const signer = await startLockSigner();
    expect(signer.logged()).toMatch(`"arithmetic":"${ristretto255Arithmetic.name}","passed_over":`);
    const element = randomElement();
    expect(await outcomeOf(signer.client.getLockKeys({}))).toBe("LOCK_DISABLED");
    expect(await outcomeOf(signer.client.removeLock({ keyId: "x", element }))).toBe("LOCK_DISABLED");
    await firstKey(signer);
    const ofOther = signer.client.applyLock({ suite: LockSuite.FFDHE3072_V1, element });
    expect(await outcomeOf(ofOther)).toBe("LOCK_DISABLED");
  });
});

describe.each(SUITES)("$name", ({ suite, group }) => {
  it("locks, takes its lock off, and proves both", async () => {
    const signer = await startLockSigner();
    const keyId = await firstKey(signer, suite);
    const element = randomElement(group);
    const locked = await signer.client.applyLock({ suite, element });
    expect(locked.key).toMatchObject({ keyId, suite, current: true });
    const commitment = locked.key?.commitment ?? new Uint8Array();
    expect(lockKeyId(suite, commitment)).toBe(keyId);
    expect(verifyApply(group, commitment, element, locked)).toBe(true);
    const unlocked = await signer.client.removeLock({ keyId, element: locked.element });
    expect(Buffer.from(unlocked.element)).toEqual(Buffer.from(element));
    expect(verifyRemove(group, commitment, locked.element, unlocked)).toBe(true);
  });

  it("refuses what is no element, and computes nothing from it", async () => {
    const signer = await startLockSigner();
    const keyId = await firstKey(signer, suite);
    const size = group.elementSize;
    const wrong = [
      new Uint8Array(size),
      new Uint8Array(size).fill(0xff),
      new Uint8Array(size - 1).fill(1),
      Uint8Array.from({ length: size }, (_, i) => (i === size - 1 ? 1 : 0)),
    ];
    for (const element of wrong) {
      expect(await outcomeOf(signer.client.applyLock({ suite, element }))).toBe("LOCK_ELEMENT_INVALID");
      expect(await outcomeOf(signer.client.removeLock({ keyId, element }))).toBe("LOCK_ELEMENT_INVALID");
    }
  });
});

describe("rotation", () => {
  it("a key that was replaced takes its locks off until it is retired", async () => {
    const signer = await startLockSigner();
    const { admin, client } = signer;
    const old = await firstKey(signer);
    const element = randomElement();
    const { element: locked } = await client.applyLock({ suite: RISTRETTO, element });

    const { key: next } = await admin.rotateLockKey({ suite: RISTRETTO, replacedKeyId: old });
    const current = next?.key?.keyId ?? "";
    expect((await client.applyLock({ suite: RISTRETTO, element })).key?.keyId).toBe(current);
    expect((await client.getLockKeys({})).keys).toMatchObject([
      { keyId: current, current: true },
      { keyId: old, current: false },
    ]);
    expect((await client.removeLock({ keyId: old, element: locked })).element).toEqual(element);

    expect(await outcomeOf(admin.retireLockKey({ keyId: current }))).toBe("LOCK_KEY_STATE_CONFLICT");
    expect((await admin.retireLockKey({ keyId: old })).key?.state).toBe(LockKeyState.RETIRED);
    expect((await admin.retireLockKey({ keyId: old })).key?.state).toBe(LockKeyState.RETIRED);
    expect(await outcomeOf(admin.retireLockKey({ keyId: "unknown" }))).toBe("LOCK_KEY_UNKNOWN");
  });

  it("the same rotation again gives the same key; one of a key that is not current is refused", async () => {
    const signer = await startLockSigner();
    const { admin } = signer;
    const first = await firstKey(signer);
    expect(await firstKey(signer)).toBe(first);
    const rotate = (replacedKeyId: string) => admin.rotateLockKey({ suite: RISTRETTO, replacedKeyId });
    const second = (await rotate(first)).key?.key?.keyId ?? "";
    expect((await rotate(first)).key?.key?.keyId).toBe(second);
    await rotate(second);
    for (const stale of ["", first, "unknown"]) {
      expect(await outcomeOf(rotate(stale))).toBe("LOCK_KEY_STATE_CONFLICT");
    }
    // The key of one suite is no key of the other.
    const other = admin.rotateLockKey({ suite: LockSuite.FFDHE3072_V1, replacedKeyId: second });
    expect(await outcomeOf(other)).toBe("LOCK_KEY_STATE_CONFLICT");
    expect((await admin.listLockKeys({})).keys).toHaveLength(3);
  });
});

describe.skipIf(postgresUrl === undefined)("two signers on one database", () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase();
  });
  afterEach(() => database.drop());
  const start = () => startLockSigner({}, database.url);

  it("of rotations at once one makes a key, and both signers lock with it at once", async () => {
    const [one, two] = [await start(), await start()];
    const first = await firstKey(one);
    const element = randomElement();
    const before = await two.client.applyLock({ suite: RISTRETTO, element });
    expect(before.key?.keyId).toBe(first);

    const rotated = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        (i % 2 === 0 ? one : two).admin.rotateLockKey({ suite: RISTRETTO, replacedKeyId: first }),
      ),
    );
    const ids = new Set(rotated.map(({ key }) => key?.key?.keyId));
    expect(ids.size).toBe(1);
    const [current] = ids;
    for (const { client } of [one, two]) {
      expect((await client.applyLock({ suite: RISTRETTO, element })).key?.keyId).toBe(current);
      const { element: unlocked } = await client.removeLock({ keyId: first, element: before.element });
      expect(unlocked).toEqual(element);
    }
    expect((await one.admin.listLockKeys({})).keys).toHaveLength(2);
  });

  it("a key that one has made takes locks off at the other, which has read its keys just before", async () => {
    const [one, two] = [await start(), await start()];
    const first = await firstKey(one);
    await two.client.getLockKeys({});
    await one.admin.rotateLockKey({ suite: RISTRETTO, replacedKeyId: first });
    const element = randomElement();
    const locked = await one.client.applyLock({ suite: RISTRETTO, element });
    const keyId = locked.key?.keyId ?? "";
    expect((await two.client.removeLock({ keyId, element: locked.element })).element).toEqual(element);
  });
});
