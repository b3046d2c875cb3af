import { randomBytes } from "node:crypto";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { base64urlnopad } from "@scure/base";
import { describe, expect, it } from "vitest";
import { BadInput } from "./bad-input.ts";
import { clientShare, relayerShare } from "./derive-secp256k1.ts";
import { assertPoint, groupKey, keyId, SCHEME_ID, verifyingShare } from "./keys-secp256k1.ts";
import type { PossessionContext } from "./possession.ts";
import { proveSecp256k1, verifySecp256k1 } from "./possession-secp256k1.ts";

const random = (bytes: number) => new Uint8Array(randomBytes(bytes));
const hex = bytesToHex;

// The scheme's vectors.
const SEED = new Uint8Array(32).fill(7);
const MASTER = new Uint8Array(32).fill(0x63);
const X_CLIENT = "033130807413a3fb2a3b7b4b1ead91d5682ea592736092e03de8fa39329fc1fb38";
const X_RELAYER = "02651755aca933d787afc00ef5334c18ffbbf21a09cc50317b549947e86d1789a6";
const SHARE = clientShare(SEED, "alice.near", "example.com");
const RELAYER_SHARE = relayerShare(MASTER, hexToBytes(X_CLIENT), "alice.near", "example.com");

describe("the scheme's vectors", () => {
  it("give both shares, their points and the key", () => {
    expect(hex(SHARE)).toBe("74571dade8ace7a967fe8f9b38790fcb5dbe495338f2b3fce1e83e80677a86b3");
    expect(hex(verifyingShare(SHARE))).toBe(X_CLIENT);
    expect(hex(RELAYER_SHARE)).toBe("ac4916ae9657da13f5f7aa247297b420baf9a2a829ef93da39e378513a3da666");
    expect(hex(verifyingShare(RELAYER_SHARE))).toBe(X_RELAYER);
    expect(hex(groupKey(hexToBytes(X_CLIENT), hexToBytes(X_RELAYER)))).toBe(
      "0224d33bc197a73fe0cbc5dd394c81778d323a6371f469f1f1fb2dfdb2eb41112a",
    );
  });

  it("do not depend on the case of the relying party", () => {
    expect(clientShare(SEED, "alice.near", "Example.COM")).toEqual(SHARE);
    expect(relayerShare(MASTER, hexToBytes(X_CLIENT), "alice.near", "Example.COM")).toEqual(RELAYER_SHARE);
  });
});

describe("shares", () => {
  it("differ with everything that they are made of", () => {
    const point = hexToBytes(X_CLIENT);
    const shares = [
      RELAYER_SHARE,
      relayerShare(SEED, point, "alice.near", "example.com"),
      relayerShare(MASTER, hexToBytes(X_RELAYER), "alice.near", "example.com"),
      relayerShare(MASTER, point, "bob.near", "example.com"),
      relayerShare(MASTER, point, "alice.near", "example.org"),
      SHARE,
      clientShare(MASTER, "alice.near", "example.com"),
      clientShare(SEED, "bob.near", "example.com"),
      clientShare(SEED, "alice.near", "example.org"),
    ].map(hex);
    expect(new Set(shares).size).toBe(shares.length);
  });

  it("are refused of secrets, points and names that are none", () => {
    const point = hexToBytes(X_CLIENT);
    const calls = [
      () => clientShare(SEED.subarray(1), "alice.near", "example.com"),
      () => clientShare(SEED, "alice.near\0example.com", "example.com"),
      () => clientShare(SEED, "alice.near", ""),
      () => relayerShare(new Uint8Array(33), point, "alice.near", "example.com"),
      () => relayerShare(MASTER, point.subarray(1), "alice.near", "example.com"),
      () => relayerShare(MASTER, new Uint8Array(33), "alice.near", "example.com"),
      () => relayerShare(MASTER, point, "", "example.com"),
    ];
    for (const call of calls) expect(call).toThrow(BadInput);
  });
});

describe("a key", () => {
  const key = groupKey(hexToBytes(X_CLIENT), hexToBytes(X_RELAYER));

  it("has another name in another network", async () => {
    const bytes = new TextEncoder().encode(`${SCHEME_ID}\0testnet\0`);
    const digest = await crypto.subtle.digest("SHA-256", Uint8Array.from([...bytes, ...key]));
    expect(keyId("testnet", key)).toBe(base64urlnopad.encode(new Uint8Array(digest)));
    expect(keyId("mainnet", key)).not.toBe(keyId("testnet", key));
  });

  it("is not made of points that cancel out, or that are none", () => {
    const opposite = hexToBytes(X_CLIENT);
    opposite[0] = 2;
    expect(() => groupKey(hexToBytes(X_CLIENT), opposite)).toThrow(BadInput);
    const uncompressed = secp256k1.Point.fromBytes(key).toBytes(false);
    const offCurve = Uint8Array.of(2, ...new Uint8Array(31), 5);
    for (const bad of [uncompressed, offCurve, new Uint8Array(33), Uint8Array.of(0), key.subarray(1)]) {
      expect(() => assertPoint(bad)).toThrow(BadInput);
      expect(() => groupKey(key, bad)).toThrow(BadInput);
      expect(() => keyId("testnet", bad)).toThrow(BadInput);
    }
    expect(() => keyId("test\0net", key)).toThrow(BadInput);
    expect(() => verifyingShare(new Uint8Array(32))).toThrow(BadInput);
    expect(() => verifyingShare(new Uint8Array(32).fill(255))).toThrow(BadInput);
  });
});

describe("a proof of possession", () => {
  const client: PossessionContext = {
    schemeId: SCHEME_ID,
    role: "client",
    network: "testnet",
    tenant: "tenant-1",
    user: "user-1",
    accountId: "alice.near",
    rpId: "example.com",
    challenge: new Uint8Array(32).fill(9),
    ownShare: hexToBytes(X_CLIENT),
    peerShare: new Uint8Array(0),
  };
  const relayer: PossessionContext = {
    ...client,
    role: "relayer",
    ownShare: hexToBytes(X_RELAYER),
    peerShare: hexToBytes(X_CLIENT),
  };

  it("is the scheme's vector", () => {
    const proof = proveSecp256k1(SHARE, client, (bytes) => new Uint8Array(bytes).fill(3));
    expect(hex(proof)).toBe(
      "02941e3120819894ba5f6f0704c2568c22f7b303edbcfd03a20efdd7eed8b13c0f" +
        "660614d3a3176b8a514fda8d92974b82d06443689d63ac34d4bd634249d619e9",
    );
    expect(verifySecp256k1(proof, client)).toBe(true);
  });

  it("holds for either side, and in no other context", () => {
    const proof = proveSecp256k1(SHARE, client, random);
    expect(verifySecp256k1(proof, client)).toBe(true);
    expect(verifySecp256k1(proveSecp256k1(RELAYER_SHARE, relayer, random), relayer)).toBe(true);
    const others: PossessionContext[] = [
      { ...client, schemeId: "threshold-ed25519-frost-2p-v1" },
      { ...client, network: "mainnet" },
      { ...client, challenge: new Uint8Array(32).fill(8) },
      { ...client, ownShare: hexToBytes(X_RELAYER) },
      { ...client, role: "relayer", peerShare: hexToBytes(X_RELAYER) },
      { ...client, challenge: new Uint8Array(31) },
      { ...client, peerShare: hexToBytes(X_RELAYER) },
    ];
    for (const other of others) expect(verifySecp256k1(proof, other)).toBe(false);
  });

  it("does not hold with a bit changed, or of another size", () => {
    const proof = proveSecp256k1(SHARE, client, random);
    for (let bit = 0; bit < 8 * proof.length; bit += 5) {
      const changed = proof.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(verifySecp256k1(changed, client)).toBe(false);
    }
    for (const size of [0, 31, 32, 33, 64, 66]) {
      expect(verifySecp256k1(new Uint8Array(size), client)).toBe(false);
    }
  });

  it("is not made for a point that is not the share's", () => {
    expect(() => proveSecp256k1(RELAYER_SHARE, client, random)).toThrow(BadInput);
    expect(() => proveSecp256k1(SHARE, client, (bytes) => new Uint8Array(bytes))).toThrow(BadInput);
  });
});
