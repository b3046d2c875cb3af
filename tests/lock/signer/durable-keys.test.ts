import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { randomScalar } from "@countersign/crypto/lock/lock-suite.ts";
import { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { lockSuite } from "@countersign/signer-service/lock/lock-suites.ts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../signer/support/temporary-directory.ts";
import { outcomeOf } from "../../signer/threshold/support/reason.ts";
import { createDatabase, postgresUrl } from "../../support/postgres.ts";
import { lockSettings, startLockSigner } from "./lock-signer.ts";

const suite = LockSuite.RISTRETTO255_V1;
const group = lockSuite(1);
const randomElement = () => group.multiplyBase(randomScalar(group, randomBytes));

interface Home {
  readonly url: string;
  query(sql: string): Promise<Record<string, unknown>[]>;
  drop(): Promise<void>;
}

async function sqlite(): Promise<Home> {
  const file = join(temporaryDirectory(), "signer.db");
  const query = async (statement: string) => {
    const db = new DatabaseSync(file);
    try {
      return db.prepare(statement).all() as Record<string, unknown>[];
    } finally {
      db.close();
    }
  };
  return { url: `sqlite:${file}`, query, drop: async () => {} };
}

const engines = [
  { engine: "sqlite", home: sqlite },
  ...(postgresUrl === undefined ? [] : [{ engine: "postgres", home: createDatabase as () => Promise<Home> }]),
];

describe.each(engines)("lock keys in $engine", ({ home }) => {
  let on: Home;
  beforeEach(async () => {
    on = await home();
  });
  afterEach(() => on.drop());
  const start = (...references: string[]) => startLockSigner(lockSettings(...references), on.url);
  /** A signer with a key in grace, and what that key has locked. */
  async function rotated() {
    const signer = await start();
    const { key } = await signer.admin.rotateLockKey({ suite, replacedKeyId: "" });
    const old = key?.key?.keyId ?? "";
    const element = randomElement();
    const { element: locked } = await signer.client.applyLock({ suite, element });
    const { key: next } = await signer.admin.rotateLockKey({ suite, replacedKeyId: old });
    return { signer, old, current: next?.key?.keyId ?? "", element, locked };
  }

  it("both keys are there after a restart, and no exponent stands in the store", async () => {
    const { signer, old, current, element, locked } = await rotated();
    await signer.drain();
    const after = await start();
    expect((await after.client.removeLock({ keyId: old, element: locked })).element).toEqual(element);
    expect((await after.client.applyLock({ suite, element })).key?.keyId).toBe(current);
    const rows = await on.query("select state, sealed from lock_keys order by created_at, state desc");
    expect(rows).toMatchObject([{ state: "GRACE" }, { state: "CURRENT" }]);
  });

  it("retiring a key destroys its exponent, stands in the audit, and holds at another signer within a second", async () => {
    const { signer, old, current, locked } = await rotated();
    const other = on.url.startsWith("sqlite:") ? signer : await start();
    await other.client.removeLock({ keyId: old, element: locked });
    await signer.admin.retireLockKey({ keyId: old });
    await expect
      .poll(() => outcomeOf(other.client.removeLock({ keyId: old, element: locked })), { timeout: 10_000 })
      .toBe("LOCK_KEY_UNKNOWN");
    const rows = await on.query("select key_id, sealed from lock_keys where state = 'RETIRED'");
    expect(rows).toEqual([{ key_id: old, sealed: null }]);
    const audit = await on.query(
      "select kind, key_id from audit_entries where kind like 'lock key%' order by sequence",
    );
    expect(audit).toEqual([
      { kind: "lock key rotated", key_id: old },
      { kind: "lock key rotated", key_id: current },
      { kind: "lock key retired", key_id: old },
    ]);
    expect((await signer.client.getLockKeys({})).keys).toMatchObject([{ keyId: current }]);
  });

  it("a key opens with the sealing key that sealed it, also when that is not the first any more", async () => {
    const { signer, old, element, locked } = await rotated();
    await signer.drain();
    const both = await start("env:OTHER_SEALING_KEY", "env:LOCK_SEALING_KEY");
    expect((await both.client.removeLock({ keyId: old, element: locked })).element).toEqual(element);
    await both.drain();
    const without = await start("env:OTHER_SEALING_KEY");
    expect(await outcomeOf(without.client.removeLock({ keyId: old, element: locked }))).toBe("LOCK_DISABLED");
    expect(without.logged()).toContain("lock key does not open");
  });

  it("a key that was altered in the store, or stands in another's place, is not used", async () => {
    const { signer, old, current, locked } = await rotated();
    await signer.drain();
    await on.query(
      `update lock_keys set sealed = (select sealed from lock_keys where key_id = '${current}') where key_id = '${old}'`,
    );
    const after = await start();
    expect(await outcomeOf(after.client.removeLock({ keyId: old, element: locked }))).toBe(
      "LOCK_KEY_UNKNOWN",
    );
    await after.drain();
    await on.query(`update lock_keys set commitment = '${"00".repeat(32)}' where key_id = '${current}'`);
    const last = await start();
    expect(await outcomeOf(last.client.applyLock({ suite, element: randomElement() }))).toBe("LOCK_DISABLED");
  });

  it("unlocks go on, all of them, while keys are rotated", async () => {
    const { signer, old, element, locked, ...made } = await rotated();
    const { admin, client } = signer;
    let isRotating = true;
    let { current } = made;
    const rotating = (async () => {
      for (let i = 0; i < 5; i++) {
        const { key } = await admin.rotateLockKey({ suite, replacedKeyId: current });
        current = key?.key?.keyId ?? "";
      }
      isRotating = false;
    })();
    let unlocked = 0;
    const unlocking = Array.from({ length: 8 }, async () => {
      while (isRotating || unlocked < 100) {
        const fresh = await client.applyLock({ suite, element });
        for (const [keyId, of] of [
          [old, locked],
          [fresh.key?.keyId ?? "", fresh.element],
        ] as const) {
          expect((await client.removeLock({ keyId, element: of })).element).toEqual(element);
        }
        unlocked += 2;
      }
    });
    await Promise.all([rotating, ...unlocking]);
    expect((await admin.listLockKeys({})).keys).toHaveLength(7);
  });
});
