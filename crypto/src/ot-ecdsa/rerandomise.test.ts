import { secp256k1 } from "@noble/curves/secp256k1.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { BadInput } from "../bad-input.ts";
import { noblePoints } from "./noble-points.ts";
import { wipePresignature } from "./presignature.ts";
import { type Rerandomisation, rerandomise, rerandomiser, signingEntropy } from "./rerandomise.ts";
import { addScalars, multiplyScalars } from "./scalar.ts";

const [k, sigma] = [secp256k1.utils.randomSecretKey(), secp256k1.utils.randomSecretKey()];
const REQUEST: Rerandomisation = {
  presignature: {
    bigR: hexToBytes("025e7aecc2e0bfe0f159dd3a55d73ffbc750b5694fa9472334b405109fcad36514"),
    k,
    sigma,
  },
  publicKey: hexToBytes("0301efb4f73b2408fd71799fb72e73ad1120d03480de56fa0bc6892636646fe2fe"),
  digest: sha256(utf8ToBytes("hello")),
  entropy: new Uint8Array(32).fill(7),
};
const TWEAK = new Uint8Array(32).fill(5);

describe("δ", () => {
  it("is the reference library's", () => {
    const expected = "97a4e7fa741f36e39cf3de8e0c738b04ea166b890f2c8c128615187ae41419e5";
    expect(bytesToHex(rerandomiser(REQUEST))).toBe(expected);
    expect(bytesToHex(rerandomiser({ ...REQUEST, tweak: new Uint8Array(32) }))).toBe(expected);
  });

  it("is another one for another message, key, R, entropy or tweak", () => {
    const other = (size: number) => Uint8Array.of(2, ...new Uint8Array(size - 1).fill(9));
    const all = [
      REQUEST,
      { ...REQUEST, digest: other(32) },
      { ...REQUEST, publicKey: other(33) },
      { ...REQUEST, presignature: { ...REQUEST.presignature, bigR: other(33) } },
      { ...REQUEST, entropy: other(32) },
      { ...REQUEST, tweak: TWEAK },
    ].map((request) => bytesToHex(rerandomiser(request)));
    expect(new Set(all).size).toBe(all.length);
  });

  it("is not made of inputs of another size", () => {
    for (const change of [
      { digest: new Uint8Array(31) },
      { entropy: new Uint8Array(33) },
      { tweak: new Uint8Array(31) },
      { tweak: new Uint8Array(32).fill(255) },
    ]) {
      expect(() => rerandomiser({ ...REQUEST, ...change })).toThrow(BadInput);
    }
  });
});

describe("rerandomised values", () => {
  it("are R·δ, k/δ and (σ + tweak·k)/δ, and leave the presignature as it is", () => {
    const request = { ...REQUEST, tweak: TWEAK };
    const delta = rerandomiser(request);
    const values = rerandomise({ points: noblePoints }, request);
    expect(values.bigR).toEqual(noblePoints.multiplyPublic(delta, REQUEST.presignature.bigR));
    expect(multiplyScalars(values.k, delta)).toEqual(k);
    expect(multiplyScalars(values.sigma, delta)).toEqual(addScalars(sigma, multiplyScalars(TWEAK, k)));
    wipePresignature(values);
    expect(values.k).toEqual(new Uint8Array(32));
    expect(REQUEST.presignature.k.some((byte) => byte !== 0)).toBe(true);
  });
});

describe("the entropy of a signature", () => {
  const [client, relayer] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];

  it("is a hash of the session and both sides' parts", () => {
    const text = utf8ToBytes("countersign/ecdsa-entropy/v1session-1");
    expect(signingEntropy("session-1", client, relayer)).toEqual(sha256(concatBytes(text, client, relayer)));
    expect(signingEntropy("session-1", relayer, client)).not.toEqual(
      signingEntropy("session-1", client, relayer),
    );
  });

  it("is not made of parts of another size, which could be shifted", () => {
    const shifted = () =>
      signingEntropy("session-1", client.subarray(1), concatBytes(client.subarray(31), relayer));
    expect(shifted).toThrow(BadInput);
    expect(() => signingEntropy("session-1", client, relayer.subarray(1))).toThrow(BadInput);
  });
});
