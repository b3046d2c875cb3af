import { randomBytes } from "node:crypto";
import { ED25519_TORSION_SUBGROUP, ed25519 } from "@noble/curves/ed25519.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { base64urlnopad } from "@scure/base";
import { describe, expect, it } from "vitest";
import { BadInput } from "./bad-input.ts";
import { clientShare, relayerShare } from "./derive.ts";
import { SCHEME_ID, verifyingShare } from "./frost-ed25519.ts";
import { type PossessionContext, proveEd25519, verifyEd25519 } from "./possession.ts";

const { Point } = ed25519;
const { Fn } = Point;
const random = (bytes: number) => new Uint8Array(randomBytes(bytes));

const SHARE = clientShare(new Uint8Array(32).fill(7), "alice.near");
const CLIENT: PossessionContext = {
  schemeId: SCHEME_ID,
  role: "client",
  network: "testnet",
  tenant: "tenant-1",
  user: "user-1",
  accountId: "alice.near",
  rpId: "example.com",
  challenge: new Uint8Array(32).fill(9),
  ownShare: base64urlnopad.decode("KbUmzUY--TVEEWePfTXGHe0GyOjy4WOKh0dFfpS9bFI"),
  peerShare: new Uint8Array(0),
};
const RELAYER_SHARE = relayerShare(
  new Uint8Array(32).fill(0x63),
  CLIENT.ownShare,
  "alice.near",
  "example.com",
);
const RELAYER: PossessionContext = {
  ...CLIENT,
  role: "relayer",
  ownShare: verifyingShare(RELAYER_SHARE),
  peerShare: CLIENT.ownShare,
};

/** Another value of each part of a context. */
const CHANGES: Readonly<Record<keyof PossessionContext, Partial<PossessionContext>>> = {
  schemeId: { schemeId: "threshold-secp256k1-ecdsa-2p-v1" },
  role: { role: "relayer", peerShare: RELAYER.ownShare },
  network: { network: "mainnet" },
  tenant: { tenant: "tenant-2" },
  user: { user: "user-2" },
  accountId: { accountId: "bob.near" },
  rpId: { rpId: "example.org" },
  challenge: { challenge: new Uint8Array(32).fill(10) },
  ownShare: { ownShare: RELAYER.ownShare },
  peerShare: { peerShare: RELAYER.ownShare },
};

describe("the scheme's vector", () => {
  it("gives R and z", () => {
    const proof = proveEd25519(SHARE, CLIENT, (bytes) => new Uint8Array(bytes).fill(3));
    expect(bytesToHex(proof)).toBe(
      "c256a8d41e166dceb919def3d4dd7e6266f153da226f8a1f6b6a24627fe82223" +
        "d96566c86779cfbe210c6d62d3d02bd0815997b4cb2fa00a6c8507286979ec07",
    );
    expect(verifyEd25519(proof, CLIENT)).toBe(true);
  });
});

describe("a proof", () => {
  it("of either side holds, whatever the case of the relying party", () => {
    const client = proveEd25519(SHARE, { ...CLIENT, rpId: "Example.COM" }, random);
    expect(verifyEd25519(client, CLIENT)).toBe(true);
    expect(verifyEd25519(proveEd25519(RELAYER_SHARE, RELAYER, random), RELAYER)).toBe(true);
  });

  it.each(Object.entries(CHANGES))("of the client does not hold with another %s", (_, change) => {
    expect(verifyEd25519(proveEd25519(SHARE, CLIENT, random), { ...CLIENT, ...change })).toBe(false);
  });

  it("of the relayer does not hold for another client's share, and is no proof of the client", () => {
    const proof = proveEd25519(RELAYER_SHARE, RELAYER, random);
    const other = verifyingShare(clientShare(new Uint8Array(32).fill(8), "alice.near"));
    expect(verifyEd25519(proof, { ...RELAYER, peerShare: other })).toBe(false);
    const asClient = { ...RELAYER, role: "client", peerShare: new Uint8Array(0) } as const;
    expect(verifyEd25519(proof, asClient)).toBe(false);
  });

  it("does not move a byte from one name to the next", () => {
    const proof = proveEd25519(SHARE, { ...CLIENT, tenant: "ab", user: "c" }, random);
    expect(verifyEd25519(proof, { ...CLIENT, tenant: "ab", user: "c" })).toBe(true);
    expect(verifyEd25519(proof, { ...CLIENT, tenant: "a", user: "bc" })).toBe(false);
  });

  it("does not hold with any one bit changed", () => {
    const proof = proveEd25519(SHARE, CLIENT, random);
    for (let bit = 0; bit < 512; bit += 3) {
      const changed = proof.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(verifyEd25519(changed, CLIENT)).toBe(false);
    }
  });

  it("does not hold when it is no proof at all", () => {
    const proof = proveEd25519(SHARE, CLIENT, random);
    const z = Fn.fromBytes(proof.slice(32));
    const beyond = hexToBytes((z + Fn.ORDER).toString(16).padStart(64, "0")).reverse();
    expect(verifyEd25519(Uint8Array.from([...proof.subarray(0, 32), ...beyond]), CLIENT)).toBe(false);
    for (const point of ED25519_TORSION_SUBGROUP.map((hex) => hexToBytes(hex))) {
      expect(verifyEd25519(Uint8Array.from([...point, ...proof.subarray(32)]), CLIENT)).toBe(false);
    }
    for (const length of [0, 32, 63, 65]) expect(verifyEd25519(new Uint8Array(length), CLIENT)).toBe(false);
  });

  it("of a rogue share cannot be made", () => {
    // A relayer that answers P_r = 2·P_c − x·B would hold the whole key x, but it does not hold P_r's share.
    const x = Fn.fromBytes(RELAYER_SHARE);
    const rogue = Point.fromBytes(CLIENT.ownShare).double().subtract(Point.BASE.multiply(x)).toBytes();
    const context = { ...RELAYER, ownShare: rogue };
    expect(() => proveEd25519(RELAYER_SHARE, context, random)).toThrow(BadInput);
    expect(verifyEd25519(proveEd25519(RELAYER_SHARE, RELAYER, random), context)).toBe(false);
  });
});

describe("a context that is malformed", () => {
  const proof = proveEd25519(SHARE, CLIENT, random);
  const small = hexToBytes(ED25519_TORSION_SUBGROUP[1] ?? "");
  it.each<[string, PossessionContext]>([
    ["a client that names a peer", { ...CLIENT, peerShare: RELAYER.ownShare }],
    ["a relayer that names none", { ...RELAYER, peerShare: new Uint8Array(0) }],
    ["a relayer whose peer is of small order", { ...RELAYER, peerShare: small }],
    ["a public point of small order", { ...CLIENT, ownShare: small }],
    ["a challenge of 31 bytes", { ...CLIENT, challenge: new Uint8Array(31) }],
  ])("has no proof: %s", (_, context) => {
    const share = context.role === "client" ? SHARE : RELAYER_SHARE;
    expect(() => proveEd25519(share, context, random)).toThrow(BadInput);
    expect(verifyEd25519(proof, context)).toBe(false);
  });

  it("has no proof from a generator of zeros, or with a share that is none", () => {
    expect(() => proveEd25519(SHARE, CLIENT, (bytes) => new Uint8Array(bytes))).toThrow(BadInput);
    expect(() => proveEd25519(new Uint8Array(32), CLIENT, random)).toThrow(BadInput);
    expect(() => proveEd25519(SHARE, CLIENT, () => new Uint8Array(32).fill(1))).toThrow(BadInput);
  });
});
