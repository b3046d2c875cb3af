// What holds for every implementation of a suite: the tests that twins share.
import { bytesToHex, concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import type { Random } from "../encodings.ts";
import { beginRegistration, beginUnlock } from "./client-passes.ts";
import type { EnvelopeNames } from "./envelope.ts";
import { type LockAnswer, verifyApply, verifyRemove } from "./lock-answer.ts";
import { LockError, type LockFault } from "./lock-error.ts";
import { LockKey } from "./lock-key.ts";
import { type LockSuite, randomScalar } from "./lock-suite.ts";

export const random: Random = (size) => crypto.getRandomValues(new Uint8Array(size));

/** The names and the relay of the known answers' envelope. */
export const NAMES: EnvelopeNames = {
  accountId: "alice.near",
  rpId: "example.com",
  secretKind: "wrap-key-seed",
};
export const ORIGIN = "https://relay1.example";

/** A generator that gives these bytes, one after the other, repeated to the size that is asked for. */
export function repeating(...bytes: number[]): Random {
  return (size) => new Uint8Array(size).fill(bytes.shift() ?? Number.NaN);
}

/** What `act` is refused for; undefined when it is not. */
export function faultOf(act: () => unknown): LockFault | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof LockError) return error.fault;
    throw error;
  }
  return undefined;
}

/** The bytes with one bit changed. */
export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const changed = bytes.slice();
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
}

/** A run of the protocol, in hexadecimal. tests/vectors/lock/README.md says what of. */
export interface LockVectors {
  readonly suite: number;
  readonly s: string;
  readonly commitment: string;
  readonly keyId: string;
  readonly kek: string;
  readonly registrationRequest: string;
  readonly registrationAnswer: string;
  readonly registrationProof: { readonly c: string; readonly z: string };
  readonly lockedKek: string;
  readonly unlockRequest: string;
  readonly unlockAnswer: string;
  readonly unlockProof: { readonly c: string; readonly z: string };
  readonly envelopeKey: string;
  readonly ciphertext: string;
}

/** Holds a suite against its known answers. */
export function describeKnownAnswers(name: string, suite: LockSuite, vectors: LockVectors): void {
  describe(`${name}: known answers`, () => {
    it("of the relay's key", () => {
      const s = randomScalar(suite, repeating(0x11));
      const key = new LockKey(suite, s);
      expect(bytesToHex(s)).toBe(vectors.s);
      expect([suite.number, bytesToHex(key.commitment), key.id]).toEqual([
        vectors.suite,
        vectors.commitment,
        vectors.keyId,
      ]);
    });

    it("of a registration", () => {
      const pass = beginRegistration(suite, repeating(0x44, 0x22));
      expect(bytesToHex(pass.request)).toBe(vectors.registrationRequest);
      const answer = vectorKey().apply(pass.request, repeating(0x55));
      expect(hexAnswer(answer)).toEqual([vectors.registrationAnswer, joined(vectors.registrationProof)]);
      const { keyId, kek, lockedKek } = pass.finish(answer, hexToBytes(vectors.commitment));
      expect([keyId, bytesToHex(kek), bytesToHex(lockedKek)]).toEqual([
        vectors.keyId,
        vectors.kek,
        vectors.lockedKek,
      ]);
    });

    it("of an unlock", () => {
      const pass = beginUnlock(
        suite,
        { ...vectors, lockedKek: hexToBytes(vectors.lockedKek) },
        repeating(0x33),
      );
      expect(bytesToHex(pass.request)).toBe(vectors.unlockRequest);
      const answer = vectorKey().remove(pass.request, repeating(0x55));
      expect(hexAnswer(answer)).toEqual([vectors.unlockAnswer, joined(vectors.unlockProof)]);
      expect(bytesToHex(pass.finish(answer, hexToBytes(vectors.commitment)))).toBe(vectors.kek);
    });

    function vectorKey(): LockKey {
      return new LockKey(suite, hexToBytes(vectors.s));
    }
  });
}

/** Holds a suite against its group's laws, with `unlocks` unlocks, and against answers that are altered in each of `bits`. */
export function describeLocks(
  name: string,
  suite: LockSuite,
  { unlocks, bits }: { readonly unlocks: number; readonly bits: readonly number[] },
): void {
  describe(`${name}: locks`, () => {
    it(`come off in another order than they were put on, ${unlocks} times`, () => {
      const key = new LockKey(suite, randomScalar(suite, random));
      const registration = beginRegistration(suite, random);
      const { keyId, kek, lockedKek } = registration.finish(
        key.apply(registration.request, random),
        key.commitment,
      );
      expect(lockedKek).not.toEqual(kek);
      const requests = new Set<string>();
      for (let i = 0; i < unlocks; i++) {
        const unlock = beginUnlock(suite, { suite: suite.number, keyId, lockedKek }, random);
        requests.add(bytesToHex(unlock.request));
        expect(unlock.finish(key.remove(unlock.request, random), key.commitment)).toEqual(kek);
      }
      expect(requests.size).toBe(unlocks);
    }, 180_000);

    it("are scalars with inverses", () => {
      const [a, b, c] = [0, 1, 2].map(() => randomScalar(suite, random)) as [
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ];
      const zero = new Uint8Array(suite.scalarSize);
      const one = suite.addProduct(zero, a, suite.invert(a));
      expect(suite.multiply(one, suite.multiplyBase(b))).toEqual(suite.multiplyBase(b));
      const sum = suite.multiplyBase(suite.addProduct(a, b, c));
      const minus = suite.difference(suite.addProduct(a, b, c), undefined, b, suite.multiplyBase(c));
      expect(minus).toEqual(suite.multiplyBase(a));
      expect(suite.difference(one, sum, one, suite.multiplyBase(a))).toEqual(
        suite.multiply(b, suite.multiplyBase(c)),
      );
      expect(suite.difference(a, undefined, one, suite.multiplyBase(a))).toBeUndefined();
    });
  });

  describe(`${name}: what is refused`, () => {
    const key = new LockKey(suite, randomScalar(suite, random));
    const other = new LockKey(suite, randomScalar(suite, random));
    const request = suite.multiplyBase(randomScalar(suite, random));
    const applied = key.apply(request, random);
    const removed = key.remove(request, random);

    it.each([
      ["no bytes", new Uint8Array(0)],
      ["a byte too few", new Uint8Array(suite.elementSize - 1).fill(1)],
      ["a byte too many", concatBytes(suite.multiplyBase(randomScalar(suite, random)), Uint8Array.of(0))],
      ["zeros", new Uint8Array(suite.elementSize)],
      ["nothing but ones", new Uint8Array(suite.elementSize).fill(0xff)],
    ])("an element of %s", (_, element) => {
      expect(faultOf(() => suite.assertElement(element))).toBe("INVALID_ELEMENT");
      expect(faultOf(() => key.apply(element, random))).toBe("INVALID_ELEMENT");
      expect(faultOf(() => key.remove(element, random))).toBe("INVALID_ELEMENT");
      const envelope = { suite: suite.number, keyId: key.id, lockedKek: element };
      expect(faultOf(() => beginUnlock(suite, envelope, random))).toBe("INVALID_ELEMENT");
      expect(verifyApply(suite, key.commitment, request, { ...applied, element })).toBe(false);
      expect(verifyRemove(suite, key.commitment, request, { ...removed, element })).toBe(false);
      expect(verifyApply(suite, element, request, applied)).toBe(false);
    });

    it("a lock of zero, of another size, or not below the order", () => {
      for (const size of [0, suite.scalarSize - 1, suite.scalarSize, suite.scalarSize + 1]) {
        expect(faultOf(() => new LockKey(suite, new Uint8Array(size)))).toBe("INVALID_SCALAR");
      }
      const ones = new Uint8Array(suite.scalarSize).fill(0xff);
      expect(faultOf(() => new LockKey(suite, ones))).toBe("INVALID_SCALAR");
    });

    it("a generator of zeros, or one that gives too little", () => {
      expect(faultOf(() => key.apply(request, (size) => new Uint8Array(size)))).toBe("INVALID_SCALAR");
      expect(faultOf(() => key.apply(request, (size) => random(size - 1)))).toBe("INVALID_SCALAR");
    });

    it("an answer whose proof is missing, swapped, of another key, or altered", () => {
      const bad = (proof: Uint8Array) => {
        expect(verifyApply(suite, key.commitment, request, { ...applied, proof })).toBe(false);
        expect(verifyRemove(suite, key.commitment, request, { ...removed, proof })).toBe(false);
      };
      const [c, z] = [applied.proof.slice(0, suite.scalarSize), applied.proof.slice(suite.scalarSize)];
      expect(verifyApply(suite, key.commitment, request, applied)).toBe(true);
      expect(verifyRemove(suite, key.commitment, request, removed)).toBe(true);
      expect(verifyApply(suite, key.commitment, request, { ...applied, proof: removed.proof })).toBe(false);
      expect(verifyRemove(suite, key.commitment, request, { ...removed, proof: applied.proof })).toBe(false);
      bad(other.apply(request, random).proof);
      bad(other.remove(request, random).proof);
      bad(new Uint8Array(0));
      bad(c);
      bad(concatBytes(z, c));
      bad(concatBytes(applied.proof, Uint8Array.of(0)));
      bad(concatBytes(new Uint8Array(suite.scalarSize), z));
      bad(concatBytes(c, new Uint8Array(suite.scalarSize)));
      for (const bit of bits) {
        bad(concatBytes(flipped(c, bit), z));
        bad(concatBytes(c, flipped(z, bit)));
      }
    });

    it("an answer for another key, another request, or with another element", () => {
      expect(verifyApply(suite, other.commitment, request, applied)).toBe(false);
      expect(verifyRemove(suite, other.commitment, request, removed)).toBe(false);
      expect(verifyApply(suite, key.commitment, applied.element, applied)).toBe(false);
      expect(verifyApply(suite, key.commitment, request, { ...applied, element: request })).toBe(false);
      // What the other pass makes of the same request, with the proof that belongs to it.
      expect(verifyApply(suite, key.commitment, request, removed)).toBe(false);
      expect(verifyRemove(suite, key.commitment, request, applied)).toBe(false);
    });
  });
}

function joined({ c, z }: { c: string; z: string }): string {
  return c + z;
}

function hexAnswer({ element, proof }: LockAnswer): [string, string] {
  return [bytesToHex(element), bytesToHex(proof)];
}
