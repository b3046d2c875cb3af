import { randomBytes } from "node:crypto";
import { clientShare } from "@countersign/crypto/derive-secp256k1.ts";
import { verifyingShare } from "@countersign/crypto/keys-secp256k1.ts";
import { proveSecp256k1, verifySecp256k1 } from "@countersign/crypto/possession-secp256k1.ts";
import { expect, test } from "vitest";
import { clientContext, relayerContext } from "../possession-contexts.ts";
import { thresholdEcdsa as scheme } from "./threshold-ecdsa.ts";

const random = (bytes: number) => new Uint8Array(randomBytes(bytes));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

// The vectors of docs/threshold-ecdsa.md.
const share = clientShare(new Uint8Array(32).fill(7), "alice.near", "example.com");
const facts = {
  clientVerifyingShare: verifyingShare(share),
  accountId: "alice.near",
  rpId: "example.com",
  network: "testnet",
};
const derived = (change: Partial<typeof facts> = {}) =>
  scheme.derive(Buffer.from("63".repeat(32), "hex"), { ...facts, ...change });

test("the relayer's half and the key are those of the vectors", () => {
  const half = derived();
  expect(hex(half.share)).toBe("ac4916ae9657da13f5f7aa247297b420baf9a2a829ef93da39e378513a3da666");
  expect(hex(half.verifyingShare)).toBe("02651755aca933d787afc00ef5334c18ffbbf21a09cc50317b549947e86d1789a6");
  expect(hex(half.publicKey)).toBe("0224d33bc197a73fe0cbc5dd394c81778d323a6371f469f1f1fb2dfdb2eb41112a");
});

test("a key's id names its network, and nothing of the key is in it", () => {
  const { keyId, publicKey } = derived();
  expect(keyId).toMatch(/^[A-Za-z0-9_-]{43}$/);
  const onMainnet = derived({ network: "mainnet" });
  expect(onMainnet.publicKey).toEqual(publicKey);
  expect(onMainnet.keyId).not.toBe(keyId);
});

test("both sides prove their shares, each in its own role, for one challenge", () => {
  const possession = { ...facts, tenant: "acme", user: "user-1", challenge: random(32) };
  const half = derived();
  const proof = proveSecp256k1(share, clientContext(scheme.id, possession), random);
  expect(scheme.verifyPossession(proof, possession)).toBe(true);
  expect(scheme.verifyPossession(proof, { ...possession, challenge: random(32) })).toBe(false);
  expect(scheme.verifyPossession(proof, { ...possession, network: "mainnet" })).toBe(false);
  const relayerProof = scheme.provePossession(half, possession, random);
  expect(verifySecp256k1(relayerProof, relayerContext(scheme.id, possession, half))).toBe(true);
  expect(scheme.verifyPossession(relayerProof, possession)).toBe(false);
});

test.each([
  ["is cut", (point: Uint8Array) => point.subarray(1)],
  [
    "is uncompressed",
    (point: Uint8Array) => Buffer.concat([Buffer.of(4), point.subarray(1), Buffer.alloc(32)]),
  ],
  ["is on no curve", () => Buffer.concat([Buffer.of(2), Buffer.alloc(31), Buffer.of(5)])],
])("a client's point that %s is refused with the reason", (_, change) => {
  const clientVerifyingShare = Uint8Array.from(change(facts.clientVerifyingShare));
  expect(() => derived({ clientVerifyingShare })).toThrow("canonical encoding");
});
