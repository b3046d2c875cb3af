import { inspect } from "node:util";
import { bytesToHex } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { LockKey } from "./lock-key.ts";
import { randomScalar } from "./lock-suite.ts";
import { ristretto255 as suite } from "./ristretto255.ts";
import { faultOf, random } from "./suite-cases.ts";

const lock = randomScalar(suite, random);
const element = suite.multiplyBase(randomScalar(suite, random));

describe("a relay's lock key", () => {
  it("shows its commitment, and nothing of the lock", () => {
    const key = new LockKey(suite, lock);
    const shown = inspect(key, { showHidden: true, depth: 9, maxArrayLength: null }) + JSON.stringify(key);
    expect(shown).toContain("commitment");
    for (const secret of [lock, suite.invert(lock)]) expect(shown).not.toContain([...secret].join(", "));
    expect(
      Object.values(key).flatMap((part) => (part instanceof Uint8Array ? [bytesToHex(part)] : [])),
    ).toEqual([bytesToHex(suite.multiplyBase(lock))]);
  });

  it("keeps a copy, so that the lock that it was made of can be wiped", () => {
    const given = lock.slice();
    const key = new LockKey(suite, given);
    given.fill(0);
    expect(key.apply(element, random).element).toEqual(suite.multiply(lock, element));
  });

  it("is the same with parts that are known, which it copies", () => {
    const key = new LockKey(suite, lock);
    const inverse = suite.invert(lock);
    const again = new LockKey(suite, lock, { commitment: key.commitment, inverse });
    inverse.fill(0);
    const nonce = (size: number) => new Uint8Array(size).fill(9);
    const answers = (one: LockKey) => [one.id, one.apply(element, nonce), one.remove(element, nonce)];
    expect(answers(again)).toEqual(answers(key));
  });

  it("does nothing once it is wiped", () => {
    const key = new LockKey(suite, lock);
    key.wipe();
    expect(faultOf(() => key.apply(element, random))).toBe("INVALID_SCALAR");
    expect(faultOf(() => key.remove(element, random))).toBe("INVALID_SCALAR");
  });

  it("wipes the nonces of its proofs, with which anyone would compute the lock", () => {
    const given: Uint8Array[] = [];
    const watched = (size: number) => {
      const bytes = random(size);
      given.push(bytes);
      return bytes;
    };
    const scalars: Uint8Array[] = [];
    const watchedSuite = {
      ...suite,
      multiplyBase: (scalar: Uint8Array) => {
        scalars.push(scalar);
        return suite.multiplyBase(scalar);
      },
    };
    const parts = { commitment: suite.multiplyBase(lock), inverse: suite.invert(lock) };
    const key = new LockKey(watchedSuite, lock, parts);
    key.apply(element, watched);
    key.remove(element, watched);
    expect(given).toEqual([new Uint8Array(64), new Uint8Array(64)]);
    expect(scalars).toEqual([new Uint8Array(32), new Uint8Array(32)]);
  });
});
