import { base64urlnopad } from "@scure/base";
import { describe, expect, it } from "vitest";
import { BadInput } from "./bad-input.ts";
import { clientShare, ed25519Scalars, PRF_INPUT, relayerShare, wrapKeySeed } from "./derive.ts";
import { groupKey, keyId, verifyingShare } from "./frost-ed25519.ts";
import { firstScalar } from "./share-derivation.ts";

// The vectors of the scheme threshold-ed25519-frost-2p-v1, which docs/threshold-ed25519.md repeats.
const SEED = new Uint8Array(32).fill(7);
const MASTER = new Uint8Array(32).fill(0x63);
const CLIENT_SHARE = "3WuQCSlBrWQP65Gnkba8lHKYBIYQWYP1E7TNOI9mxAw";
const CLIENT_POINT = "KbUmzUY--TVEEWePfTXGHe0GyOjy4WOKh0dFfpS9bFI";
const RELAYER_SHARE = "xiK32qUDxgVsBr6AtKjrshxEGl6BTEXngQGpB8mZTQY";
const RELAYER_POINT = "P7MCwyXXMzjZ2X2a8m7x8BpOpy5aNUkXhZgRra7JbJ0";
const KEY_ID = "ed25519:G4jVBejLprjNapGGvf9jz6DMP2G6Md7FXSBXdhANRxXd";

const text = (bytes: Uint8Array) => base64urlnopad.encode(bytes);
const bytes = (encoded: string) => base64urlnopad.decode(encoded);
/** ℓ in 64 bytes, little-endian: zero modulo ℓ. */
const ZERO_MODULO_ORDER = Uint8Array.from([
  ...[0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14],
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10],
  ...new Uint8Array(32),
]);

describe("the scheme's vectors", () => {
  it("give both shares, their points and the key", () => {
    const client = clientShare(SEED, "alice.near");
    expect(text(client)).toBe(CLIENT_SHARE);
    expect(text(verifyingShare(client))).toBe(CLIENT_POINT);
    const relayer = relayerShare(MASTER, bytes(CLIENT_POINT), "alice.near", "example.com");
    expect(text(relayer)).toBe(RELAYER_SHARE);
    expect(text(verifyingShare(relayer))).toBe(RELAYER_POINT);
    expect(keyId(groupKey(bytes(CLIENT_POINT), bytes(RELAYER_POINT)))).toBe(KEY_ID);
  });

  it("do not depend on the case of the relying party", () => {
    expect(text(relayerShare(MASTER, bytes(CLIENT_POINT), "alice.near", "Example.COM"))).toBe(RELAYER_SHARE);
    expect(wrapKeySeed(SEED, "alice.near", "Example.COM")).toEqual(
      wrapKeySeed(SEED, "alice.near", "example.com"),
    );
  });
});

describe("shares", () => {
  it("differ with everything that they are made of", () => {
    const point = bytes(CLIENT_POINT);
    const shares = [
      relayerShare(MASTER, point, "alice.near", "example.com"),
      relayerShare(new Uint8Array(32).fill(0x64), point, "alice.near", "example.com"),
      relayerShare(MASTER, bytes(RELAYER_POINT), "alice.near", "example.com"),
      relayerShare(MASTER, point, "bob.near", "example.com"),
      relayerShare(MASTER, point, "alice.near", "example.org"),
      clientShare(SEED, "alice.near"),
      clientShare(SEED, "bob.near"),
      clientShare(MASTER, "alice.near"),
      wrapKeySeed(SEED, "alice.near", "example.com"),
      wrapKeySeed(SEED, "alice.near", "example.org"),
      wrapKeySeed(SEED, "bob.near", "example.com"),
    ].map(text);
    expect(new Set(shares).size).toBe(shares.length);
  });

  it("are refused of secrets and points of another size, and of names that could run into each other", () => {
    const point = bytes(CLIENT_POINT);
    const calls = [
      () => wrapKeySeed(SEED.subarray(1), "alice.near", "example.com"),
      () => wrapKeySeed(SEED, "alice.near\0example.com", "example.com"),
      () => wrapKeySeed(SEED, "", "example.com"),
      () => clientShare(new Uint8Array(33), "alice.near"),
      () => clientShare(SEED, "a\0b"),
      () => relayerShare(new Uint8Array(0), point, "alice.near", "example.com"),
      () => relayerShare(MASTER, new Uint8Array(32), "alice.near", "example.com"),
      () => relayerShare(MASTER, point.subarray(1), "alice.near", "example.com"),
      () => relayerShare(MASTER, point, "alice.near", "example.com\0"),
      () => relayerShare(MASTER, point, "alice.near", ""),
    ];
    for (const call of calls) expect(call).toThrow(BadInput);
  });

  it("of the relayer skip zero", () => {
    const wide = [ZERO_MODULO_ORDER.slice(), new Uint8Array(64), new Uint8Array(64).fill(5)];
    const asked: number[] = [];
    const scalar = firstScalar(ed25519Scalars, (counter) => {
      asked.push(counter);
      return wide[counter] ?? new Uint8Array(64);
    });
    expect(asked).toEqual([0, 1, 2]);
    expect(scalar.some((byte) => byte !== 0)).toBe(true);
  });
});

describe("the PRF's input", () => {
  it("is SHA-256 of its name", async () => {
    const name = new TextEncoder().encode("countersign/prf/v1");
    expect(PRF_INPUT).toEqual(new Uint8Array(await crypto.subtle.digest("SHA-256", name)));
  });
});
