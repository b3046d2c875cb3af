import { randomBytes } from "node:crypto";
import { verifyRemove } from "@countersign/crypto/lock/lock-answer.ts";
import { lockSuite } from "@countersign/signer-service/lock/lock-suites.ts";
import { LockThreads } from "@countersign/signer-service/lock/lock-threads/lock-threads.ts";
import { newLockKey } from "@countersign/signer-service/lock/new-lock-key.ts";
import { expect, it } from "vitest";

it("threads load the arithmetic each for itself, compute at once, and end: again and again", async () => {
  const group = lockSuite(1);
  const key = newLockKey(1, randomBytes);
  const held = { ...key, inverse: group.invert(key.exponent) };
  for (let round = 0; round < 2; round++) {
    const pools = Array.from({ length: 3 }, () => new LockThreads(randomBytes));
    const unlocks = Array.from({ length: 100 }, async (_, i) => {
      const element = group.multiplyBase(group.reduceWide(randomBytes(group.wideSize)));
      const pool = pools[i % pools.length] as LockThreads;
      const answer = await pool.run({ ...held, operation: "remove", element });
      return verifyRemove(group, key.commitment, element, answer);
    });
    expect(new Set(await Promise.all(unlocks))).toEqual(new Set([true]));
    await Promise.all(pools.map((pool) => pool.close()));
  }
});
