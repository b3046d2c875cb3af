import { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { lockSuite } from "@countersign/signer-service/lock/lock-suites.ts";
import { expect, test } from "vitest";
import { outcomeOf } from "../../signer/threshold/support/reason.ts";
import { type LockWorld, makeKey, startLockWorld, TENANT } from "./support/lock-relay.ts";

const TWO = { per_second: 0.0001, burst: 2 };

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
