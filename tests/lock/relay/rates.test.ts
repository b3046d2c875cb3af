import { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { lockSuite } from "@countersign/signer-service/lock/lock-suites.ts";
import { expect, test } from "vitest";
import { outcomeOf } from "../../signer/threshold/support/reason.ts";
import { type LockWorld, makeKey, startLockWorld, TENANT } from "./support/lock-relay.ts";

const TWO = { per_second: 0.0001, burst: 2 };
const FIVE = { per_second: 0.0001, burst: 5 };

const element = lockSuite(1).multiplyBase(new Uint8Array(32).fill(7));

/** Calls of one address, each for what it ends with. */
function from({ seenWith, keyId }: LockWorld, address: string, tenant = TENANT) {
  const client = seenWith({ "x-forwarded-for": address });
  return {
    info: () => outcomeOf(client.getKeyInfo({ tenant })),
    apply: () => outcomeOf(client.applyServerLock({ tenant, suite: LockSuite.RISTRETTO255_V1, element })),
    remove: (key = keyId) => outcomeOf(client.removeServerLock({ tenant, keyId: key, element })),
  };
}

test("locks are counted by address, put on and taken off together, and other addresses go on", async () => {
  const world = await startLockWorld({ rates: { lock: TWO } });
  const { apply, remove, info } = from(world, "203.0.113.1");
  expect([await apply(), await remove()]).toEqual(["answered", "answered"]);
  expect([await apply(), await remove()]).toEqual(["RATE_LIMITED", "RATE_LIMITED"]);
  for (let i = 0; i < 5; i++) expect(await info()).toBe("answered");
  expect(await from(world, "203.0.113.2").remove()).toBe("answered");
  // An IPv6 client is its /64.
  for (const address of ["2001:db8::1", "2001:db8::2"]) {
    expect(await from(world, address).remove()).toBe("answered");
  }
  expect(await from(world, "2001:db8::3").remove()).toBe("RATE_LIMITED");
});

test("a call whose address has none left takes nothing from its tenant, nor does one that is malformed", async () => {
  const world = await startLockWorld({ rates: { lock: TWO, lock_tenant: FIVE } });
  const flood = Array.from({ length: 30 }, () => from(world, "203.0.113.1").remove());
  expect((await Promise.all(flood)).filter((outcome) => outcome === "answered")).toHaveLength(2);
  const { client } = world;
  for (let i = 0; i < 2; i++) {
    const wrong = client.removeServerLock({
      tenant: TENANT,
      keyId: world.keyId,
      element: new Uint8Array(33),
    });
    expect(await outcomeOf(wrong)).toBe("LOCK_ELEMENT_INVALID");
  }
  for (const address of ["203.0.113.2", "203.0.113.3", "203.0.113.4"]) {
    expect(await from(world, address).remove()).toBe("answered");
  }
});

test("locks are counted by the tenant that is named, and other tenants' wallets open", async () => {
  const world = await startLockWorld({ rates: { lock_tenant: TWO } });
  const addresses = ["203.0.113.1", "203.0.113.2", "203.0.113.3"];
  const outcomes: string[] = [];
  for (const address of addresses) outcomes.push(await from(world, address).remove());
  expect(outcomes).toEqual(["answered", "answered", "RATE_LIMITED"]);
  expect(await from(world, "203.0.113.4").apply()).toBe("RATE_LIMITED");
  expect(await from(world, "203.0.113.4").info()).toBe("answered");
  expect(await from(world, "203.0.113.4", "globex").remove()).toBe("answered");
  // A name that is nobody's has no bucket.
  for (let i = 0; i < 5; i++) {
    expect(await from(world, "203.0.113.4", "nobody").remove()).toBe("TENANT_NOT_FOUND");
  }
});

test("who is refused learns when to come again, and how its address stands", async () => {
  const { app, keyId } = await startLockWorld({ rates: { lock: { per_second: 0.1, burst: 1 } } });
  const call = () =>
    fetch(`${app.address}/countersign.lock.v1.LockService/RemoveServerLock`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ tenant: TENANT, keyId, element: Buffer.from(element).toString("base64") }),
    });
  const first = await call();
  expect([first.status, first.headers.get("ratelimit-policy")]).toEqual([
    200,
    expect.stringContaining('"lock";q=1;w=10'),
  ]);
  const second = await call();
  expect(second.status).toBe(429);
  expect(Number(second.headers.get("retry-after"))).toBeGreaterThan(0);
});

test("a key that is busy raises an alarm, told once a minute, and refuses nobody", async () => {
  const world = await startLockWorld({ rates: { lock_key_alarm: TWO } });
  const { remove, apply } = from(world, "203.0.113.1");
  for (let i = 0; i < 2; i++) expect(await remove()).toBe("answered");
  expect(await world.metrics("countersign_relay_lock_alarms_total")).toEqual([]);
  for (let i = 0; i < 3; i++) expect([await remove(), await apply()]).toEqual(["answered", "answered"]);
  const alarms = () => world.metrics("countersign_relay_lock_alarms_total");
  await expect.poll(alarms).toEqual([`countersign_relay_lock_alarms_total{key_id="${world.keyId}"} 3`]);
  const told = world.logged().match(/"key_id":"[^"]*".*"lock key busy"/g);
  expect(told).toHaveLength(1);
  expect(told?.[0]).toContain(world.keyId);
});

test("each key has an alarm of its own, and none is made up by callers", async () => {
  const world = await startLockWorld({ rates: { lock_key_alarm: { per_second: 0.0001, burst: 1 } } });
  const current = await makeKey(world.signer, LockSuite.RISTRETTO255_V1, world.keyId);
  const { remove } = from(world, "203.0.113.1");
  for (let i = 0; i < 4; i++) expect(await remove("madeup")).toBe("LOCK_KEY_UNKNOWN");
  for (const keyId of [world.keyId, current, current]) expect(await remove(keyId)).toBe("answered");
  await expect
    .poll(() => world.metrics("countersign_relay_lock_alarms_total"))
    .toEqual([`countersign_relay_lock_alarms_total{key_id="${current}"} 1`]);
  expect(world.logged()).not.toContain("madeup");
});
