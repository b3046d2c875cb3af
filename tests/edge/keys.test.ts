import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LockKey } from "@countersign/crypto/lock/lock-key.ts";
import type { SealedPlace } from "@countersign/edge/lock/seals.ts";
import { Seals } from "@countersign/edge/lock/seals.ts";
import { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { LockKeyState } from "@countersign/gen/countersign/signer/v1/signer_admin_pb.ts";
import { Secret } from "@countersign/service-kit";
import { lockSuite } from "@countersign/signer-service/lock/lock-suites.ts";
import { beforeAll, expect, test } from "vitest";
import { TENANT } from "../lock/relay/support/lock-relay.ts";
import { outcomeOf } from "../signer/threshold/support/reason.ts";
import { PREPARING_MS, prepareWorker } from "./support/bundle.ts";
import {
  edgeAdmin,
  edgeLock,
  makeEdgeKey,
  OPERATOR_SECRET,
  SEALING_KEY,
  startEdge,
} from "./support/edge-relay.ts";

beforeAll(prepareWorker, PREPARING_MS);

const suite = LockSuite.RISTRETTO255_V1;
const element = lockSuite(1).multiplyBase(new Uint8Array(32).fill(7));
const OTHER_KEY = randomBytes(32).toString("hex");
const bothKeys = { lock: { sealing_keys: ["env:LOCK_SEALING_KEY", "env:PREVIOUS_KEY"] } };

const lockedWith = async (address: string) => {
  const { key, element: locked } = await edgeLock(address).applyServerLock({
    tenant: TENANT,
    suite,
    element,
  });
  return { keyId: key?.keyId ?? "", element: locked };
};

const unlock = (address: string, locked: { keyId: string; element: Uint8Array }) =>
  edgeLock(address).removeServerLock({ tenant: TENANT, ...locked });

/** The stored databases, and what they hold of lock keys. */
function stored(storage: string) {
  const files = readdirSync(storage, { recursive: true, encoding: "utf8" }).map((file) =>
    join(storage, file),
  );
  const databases = files.filter((file) => file.endsWith(".sqlite") && file.includes("LockKeyObject"));
  const [database = ""] = databases.filter((file) => !file.endsWith("metadata.sqlite"));
  return { files, database };
}

function rowsOf(database: string, statement: string) {
  const db = new DatabaseSync(database);
  try {
    return db.prepare(statement).all();
  } finally {
    db.close();
  }
}

test("keys stand after a restart, with those in grace, and the same rotation gives the same key", async () => {
  const first = await startEdge();
  const old = await makeEdgeKey(first.address);
  const locked = await lockedWith(first.address);
  await first.stop();

  const second = await startEdge({ storage: first.storage });
  expect((await unlock(second.address, locked)).element).toEqual(element);
  const current = await makeEdgeKey(second.address, suite, old);
  expect(current).not.toBe(old);
  await second.stop();

  const third = await startEdge({ storage: first.storage });
  const { keys } = await edgeLock(third.address).getKeyInfo({ tenant: TENANT });
  expect(keys).toMatchObject([
    { keyId: current, current: true },
    { keyId: old, current: false },
  ]);
  expect((await unlock(third.address, locked)).element).toEqual(element);
  expect((await lockedWith(third.address)).keyId).toBe(current);
  // Its first answer may have been lost.
  expect(await makeEdgeKey(third.address, suite, old)).toBe(current);
  const admin = edgeAdmin(third.address);
  expect(await outcomeOf(admin.rotateLockKey({ suite }))).toBe("LOCK_KEY_STATE_CONFLICT");
  expect(await outcomeOf(admin.rotateLockKey({ suite, replacedKeyId: "nobody" }))).toBe(
    "LOCK_KEY_STATE_CONFLICT",
  );
  expect(await outcomeOf(admin.retireLockKey({ keyId: current }))).toBe("LOCK_KEY_STATE_CONFLICT");
  expect(await outcomeOf(admin.retireLockKey({ keyId: "nobody" }))).toBe("LOCK_KEY_UNKNOWN");
  for (let i = 0; i < 2; i++) {
    const { key } = await admin.retireLockKey({ keyId: old });
    expect(key?.state).toBe(LockKeyState.RETIRED);
  }
  const listed = await admin.listLockKeys({});
  expect(listed.keys.map(({ key, state }) => [key?.keyId, state])).toEqual([
    [current, LockKeyState.CURRENT],
    [old, LockKeyState.RETIRED],
  ]);
});

test("what is stored holds no exponent, and retiring takes the sealed one away", async () => {
  const edge = await startEdge();
  const old = await makeEdgeKey(edge.address);
  const current = await makeEdgeKey(edge.address, suite, old);
  await edge.stop();
  const { files, database } = stored(edge.storage);
  const everything = files
    .filter((file) => /\.sqlite(-wal|-shm)?$/.test(file))
    .map((file) => readFileSync(file));
  const rows = rowsOf(database, "select * from lock_keys");
  expect(rows.map(({ key_id }) => key_id).sort()).toEqual([current, old].sort());
  const seals = new Seals([new Secret(Uint8Array.from(Buffer.from(SEALING_KEY, "hex")))]);
  for (const { key_id, state, sealed } of rows) {
    const place: SealedPlace = { suite: 1, keyId: String(key_id), state: state as SealedPlace["state"] };
    const opened = await seals.open(place, sealed as Uint8Array);
    const exponent = Buffer.from(opened?.exponent ?? []);
    // It is the exponent that is looked for.
    expect(new LockKey(lockSuite(1), exponent).id).toBe(key_id);
    for (const bytes of everything) {
      expect(bytes.includes(exponent)).toBe(false);
      for (const encoding of ["hex", "base64", "base64url"] as const) {
        expect(bytes.includes(exponent.toString(encoding))).toBe(false);
      }
    }
  }

  const again = await startEdge({ storage: edge.storage });
  await edgeAdmin(again.address).retireLockKey({ keyId: old });
  await again.stop();
  expect(rowsOf(database, `select sealed from lock_keys where key_id = '${old}'`)).toEqual([
    { sealed: null },
  ]);
});

test("another sealing key opens nothing, says so, and breaks nothing", async () => {
  const edge = await startEdge();
  const keyId = await makeEdgeKey(edge.address);
  const locked = await lockedWith(edge.address);
  await edge.stop();
  const other = await startEdge({ storage: edge.storage, variables: { LOCK_SEALING_KEY: OTHER_KEY } });
  expect(await outcomeOf(lockedWith(other.address))).toBe("SIGNER_UNAVAILABLE");
  expect(await outcomeOf(unlock(other.address, locked))).toBe("SIGNER_UNAVAILABLE");
  expect(await outcomeOf(makeEdgeKey(other.address, suite, keyId))).toBe("SIGNER_STORE_UNAVAILABLE");
  expect(other.logged()).toContain("lock key does not open");
  expect(other.logged()).not.toContain(OTHER_KEY);
  await other.stop();
  const back = await startEdge({ storage: edge.storage });
  expect((await unlock(back.address, locked)).element).toEqual(element);
});

test("sealing keys are exchanged: with both, all is sealed anew, and then the new one does", async () => {
  const edge = await startEdge();
  const old = await makeEdgeKey(edge.address);
  const locked = await lockedWith(edge.address);
  await makeEdgeKey(edge.address, suite, old);
  await edge.stop();
  const variables = { LOCK_SEALING_KEY: OTHER_KEY, PREVIOUS_KEY: SEALING_KEY };
  // First every copy learns to open what the new one seals.
  const known = { LOCK_SEALING_KEY: SEALING_KEY, PREVIOUS_KEY: OTHER_KEY };
  const before = await startEdge({ relay: bothKeys, storage: edge.storage, variables: known });
  expect((await unlock(before.address, locked)).element).toEqual(element);
  await before.stop();
  expect(before.logged()).not.toContain("sealed anew");
  const both = await startEdge({ relay: bothKeys, storage: edge.storage, variables });
  expect((await unlock(both.address, locked)).element).toEqual(element);
  await expect.poll(() => both.logged().split("sealed anew")).toHaveLength(3);
  await both.stop();
  const renewed = await startEdge({ storage: edge.storage, variables: { LOCK_SEALING_KEY: OTHER_KEY } });
  expect((await unlock(renewed.address, locked)).element).toEqual(element);
  expect(await outcomeOf(lockedWith(renewed.address))).toBe("answered");
});

test("the keys' object keeps what became current meanwhile, and says whether it has sealed anew", async () => {
  const edge = await startEdge();
  const keyId = await makeEdgeKey(edge.address);
  const locked = await lockedWith(edge.address);
  const records = await edge.lockKeys();
  const sealed = (await records.list())[0]?.sealed ?? new Uint8Array();
  const other = { keyId: "B".repeat(22), suite: 1, commitment: element, sealed } as const;
  // Whoever read the keys before this one was current has nothing sealed that could stand in its place.
  const change = await records.rotate(other, { keyId, sealed: new Uint8Array() });
  expect(change.outcome).toBe("conflict");
  expect(await records.reseal(keyId, sealed.subarray(1), sealed)).toBe(false);
  expect(await records.reseal(keyId, sealed, sealed)).toBe(true);
  expect((await unlock(edge.address, locked)).element).toEqual(element);
});

test("who writes to the storage makes no key in grace current again", async () => {
  const edge = await startEdge();
  const old = await makeEdgeKey(edge.address);
  const current = await makeEdgeKey(edge.address, suite, old);
  await edge.stop();
  const db = new DatabaseSync(stored(edge.storage).database);
  db.exec(`update lock_keys set state = 'GRACE' where key_id = '${current}';
    update lock_keys set state = 'CURRENT' where key_id = '${old}'`);
  db.close();
  const altered = await startEdge({ storage: edge.storage });
  expect(await outcomeOf(lockedWith(altered.address))).toBe("SIGNER_UNAVAILABLE");
});

test("only operators make and retire keys, and no secret of theirs is in the log", async () => {
  const rates = { failed_auth: { per_second: 0.0001, burst: 2 }, ip: { per_second: 1_000, burst: 1_000 } };
  const { address, logged } = await startEdge({ relay: { rates } });
  const nobody = edgeAdmin(address, randomBytes(32).toString("hex"));
  const outcomes = [];
  for (let i = 0; i < 3; i++) outcomes.push(await outcomeOf(nobody.rotateLockKey({ suite })));
  expect(outcomes).toEqual(["CREDENTIALS_INVALID", "CREDENTIALS_INVALID", "RATE_LIMITED"]);
  expect(await outcomeOf(edgeAdmin(address).rotateLockKey({ suite }))).toBe("answered");
  expect(await outcomeOf(edgeAdmin(address).listAdminGrants({}))).toBe("METHOD_UNKNOWN");
  expect(logged()).toContain('"change":"made"');
  expect(logged()).not.toContain(OPERATOR_SECRET);
  expect(logged()).not.toContain(SEALING_KEY);
});

test("a relay without sealing keys has the lock disabled", async () => {
  const { address } = await startEdge({ relay: { lock: undefined } });
  expect(await outcomeOf(lockedWith(address))).toBe("LOCK_DISABLED");
  expect(await outcomeOf(edgeAdmin(address).rotateLockKey({ suite }))).toBe("LOCK_DISABLED");
});
