import { hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import ffdhe3072Vectors from "../../../tests/vectors/lock/ffdhe3072.json" with { type: "json" };
import ristretto255Vectors from "../../../tests/vectors/lock/ristretto255.json" with { type: "json" };
import { beginRegistration, beginUnlock } from "./client-passes.ts";
import { type Envelope, type EnvelopeNames, openEnvelope, sealEnvelope } from "./envelope.ts";
import { LockKey } from "./lock-key.ts";
import { randomScalar } from "./lock-suite.ts";
import { ristretto255 as suite } from "./ristretto255.ts";
import { faultOf, flipped, NAMES, ORIGIN, random, repeating } from "./suite-cases.ts";

const SECRET = new Uint8Array(32).fill(0x77);
const key = new LockKey(suite, randomScalar(suite, random));

function sealed(): { envelope: Envelope; kek: Uint8Array } {
  const pass = beginRegistration(suite, random);
  const { kek, ...lock } = pass.finish(key.apply(pass.request, random), key.commitment);
  const envelope = sealEnvelope({ suite: 1, relayOrigin: ORIGIN, ...lock }, kek, NAMES, SECRET, random);
  return { envelope, kek };
}

describe("known answers", () => {
  it.each([
    ["ristretto255", ristretto255Vectors],
    ["ffdhe3072", ffdhe3072Vectors],
  ])("of an envelope under %s", (_, vectors) => {
    const [kek, lockedKek] = [hexToBytes(vectors.kek), hexToBytes(vectors.lockedKek)];
    const { suite, keyId } = vectors;
    const lock = { suite, relayOrigin: ORIGIN, keyId, lockedKek };
    const envelope = sealEnvelope(lock, kek, NAMES, SECRET, repeating(0x66));
    expect(envelope).toEqual({
      version: 1,
      ...lock,
      nonce: new Uint8Array(24).fill(0x66),
      ciphertext: hexToBytes(vectors.ciphertext),
    });
    expect(openEnvelope(envelope, kek, NAMES)).toEqual(SECRET);
  });
});

describe("an envelope", () => {
  const { envelope, kek } = sealed();

  it("opens with what the relay unlocks", () => {
    const pass = beginUnlock(suite, envelope, random);
    const unlocked = pass.finish(key.remove(pass.request, random), key.commitment);
    expect(openEnvelope(envelope, unlocked, NAMES)).toEqual(SECRET);
  });

  it("shares nothing with another of the same secret", () => {
    const { envelope: again, kek: otherKek } = sealed();
    expect(otherKek).not.toEqual(kek);
    for (const part of ["lockedKek", "nonce", "ciphertext"] as const) {
      expect(again[part]).not.toEqual(envelope[part]);
    }
    expect(faultOf(() => openEnvelope(envelope, otherKek, NAMES))).toBe("ENVELOPE_NOT_OPENED");
  });

  it.each<[string, Partial<EnvelopeNames>]>([
    ["account", { accountId: "bob.near" }],
    ["relying party", { rpId: "example.org" }],
    ["kind of secret", { secretKind: "vrf-key" }],
    ["split of the names", { accountId: "alice.nea", rpId: "rexample.com" }],
  ])("does not open with another %s", (_, change) => {
    expect(faultOf(() => openEnvelope(envelope, kek, { ...NAMES, ...change }))).toBe("ENVELOPE_NOT_OPENED");
  });

  it.each<[string, Partial<Envelope>]>([
    ["relay", { relayOrigin: "https://relay2.example" }],
    ["key id", { keyId: ristretto255Vectors.keyId }],
    ["nonce", { nonce: flipped(envelope.nonce, 100) }],
    ["tag", { ciphertext: flipped(envelope.ciphertext, 8 * envelope.ciphertext.length - 1) }],
    ["ciphertext", { ciphertext: flipped(envelope.ciphertext, 0) }],
  ])("does not open with another %s", (_, change) => {
    expect(faultOf(() => openEnvelope({ ...envelope, ...change }, kek, NAMES))).toBe("ENVELOPE_NOT_OPENED");
  });

  it("does not open under another suite, whose locked key has the right size", () => {
    const asSuite2 = { ...envelope, suite: 2, lockedKek: new Uint8Array(384).fill(1) };
    const kek2 = new Uint8Array(384).fill(1);
    expect(faultOf(() => openEnvelope(asSuite2, kek2, NAMES))).toBe("ENVELOPE_NOT_OPENED");
    expect(faultOf(() => openEnvelope(asSuite2, kek, NAMES))).toBe("INVALID_ELEMENT");
  });

  it("does not open with another locked key: what is unlocked then is another K", () => {
    const stranger = sealed().envelope;
    const pass = beginUnlock(suite, { ...envelope, lockedKek: stranger.lockedKek }, random);
    const unlocked = pass.finish(key.remove(pass.request, random), key.commitment);
    expect(faultOf(() => openEnvelope(envelope, unlocked, NAMES))).toBe("ENVELOPE_NOT_OPENED");
  });

  it.each<[string, object]>([
    ["version", { version: 2 }],
    ["suite", { suite: 3 }],
    ["suite that is 1 in a byte", { suite: 257 }],
    ["empty origin", { relayOrigin: "" }],
    ["origin of 513 bytes", { relayOrigin: `${"é".repeat(256)}x` }],
    ["origin with half a character", { relayOrigin: "https://\ud800.example" }],
    ["key id of 15 bytes", { keyId: "AAAAAAAAAAAAAAAAAAAA" }],
    ["key id with bits left over", { keyId: "AAAAAAAAAAAAAAAAAAAAAB" }],
    ["locked key of the other suite's size", { lockedKek: new Uint8Array(384) }],
    ["nonce of 23 bytes", { nonce: new Uint8Array(23) }],
    ["ciphertext of a tag alone", { ciphertext: new Uint8Array(16) }],
    ["ciphertext of 4,113 bytes", { ciphertext: new Uint8Array(4_113) }],
  ])("is none with a bad %s", (_, change) => {
    expect(faultOf(() => openEnvelope({ ...envelope, ...change }, kek, NAMES))).toBe("INVALID_ENVELOPE");
  });

  it("is not sealed around nothing, around too much, or with names that are none", () => {
    const seal = (secret: Uint8Array, names: EnvelopeNames) =>
      faultOf(() => sealEnvelope(envelope, kek, names, secret, random));
    expect(seal(new Uint8Array(0), NAMES)).toBe("INVALID_ENVELOPE");
    expect(seal(new Uint8Array(4_097), NAMES)).toBe("INVALID_ENVELOPE");
    expect(seal(new Uint8Array(4_096), NAMES)).toBeUndefined();
    for (const name of ["accountId", "rpId", "secretKind"] as const) {
      expect(seal(SECRET, { ...NAMES, [name]: "" })).toBe("INVALID_ENVELOPE");
      expect(seal(SECRET, { ...NAMES, [name]: "x".repeat(513) })).toBe("INVALID_ENVELOPE");
    }
    expect(faultOf(() => sealEnvelope(envelope, kek.subarray(1), NAMES, SECRET, random))).toBe(
      "INVALID_ELEMENT",
    );
    expect(faultOf(() => sealEnvelope(envelope, kek, NAMES, SECRET, () => new Uint8Array(23)))).toBe(
      "INVALID_ENVELOPE",
    );
  });
});
