import { beginRegistration, beginUnlock } from "@countersign/crypto/lock/client-passes.ts";
import { ffdhe3072 } from "@countersign/crypto/lock/ffdhe3072.ts";
import { blindedPower } from "@countersign/crypto/lock/ffdhe3072-power.ts";
import { LockKey } from "@countersign/crypto/lock/lock-key.ts";
import { type LockSuite, randomScalar } from "@countersign/crypto/lock/lock-suite.ts";
import { ristretto255 } from "@countersign/crypto/lock/ristretto255.ts";
import { random } from "@countersign/crypto/lock/suite-cases.ts";
import { lockSuite } from "@countersign/signer-service/lock/lock-suites.ts";
import { describe, expect, it } from "vitest";

const TIMEOUT_MS = 180_000;

/** What browsers compute with, and how many wallets are opened with it. */
const SUITES: readonly {
  readonly name: string;
  readonly number: 1 | 2;
  readonly portable: LockSuite;
  readonly wallets: number;
}[] = [
  { name: "ristretto255", number: 1, portable: ristretto255, wallets: 100 },
  { name: "ffdhe3072", number: 2, portable: ffdhe3072(blindedPower(random), random), wallets: 2 },
];

describe.each(SUITES)("$name: a browser's arithmetic and the signer's", ({ number, portable, wallets }) => {
  it(`open ${wallets} wallets together, each with a lock key of its own`, { timeout: TIMEOUT_MS }, () => {
    const group = lockSuite(number);
    for (let i = 0; i < wallets; i++) {
      const key = new LockKey(group, randomScalar(group, random));
      const registering = beginRegistration(portable, random);
      const locked = registering.finish(key.apply(registering.request, random), key.commitment);
      const unlocking = beginUnlock(portable, { suite: number, ...locked }, random);
      expect(unlocking.finish(key.remove(unlocking.request, random), key.commitment)).toEqual(locked.kek);
    }
  });
});

it("ffdhe3072: 50 random unlocks give back what was locked", { timeout: TIMEOUT_MS }, () => {
  const suite = lockSuite(2);
  const s = randomScalar(suite, random);
  const sInverse = suite.invert(s);
  for (let i = 0; i < 50; i++) {
    const [kek, c] = [suite.multiplyBase(randomScalar(suite, random)), randomScalar(suite, random)];
    const unlocked = suite.multiply(sInverse, suite.multiply(c, suite.multiply(s, kek)));
    expect(suite.multiply(suite.invert(c), unlocked)).toEqual(kek);
  }
});
