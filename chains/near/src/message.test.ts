import { randomBytes } from "node:crypto";
import { base64urlnopad } from "@scure/base";
import { KeyPair, KeyPairSigner } from "near-api-js";
import { describe, expect, it } from "vitest";
import { nep413Hash } from "./message.ts";
import { verifySignature } from "./verify.ts";

const MESSAGE = { message: "hello", nonce: new Uint8Array(32).fill(5), recipient: "example.com" };

describe("messages (NEP-413)", () => {
  it.each([
    ["without a callback", {}],
    ["with a callback", { callbackUrl: "https://example.com/?ü=1" }],
    ["with an empty callback", { callbackUrl: "" }],
    ["with a long text", { message: "grüße ".repeat(500) }],
    ["with no text", { message: "" }],
  ])("%s are signed by near-api-js over our hash", async (_, change) => {
    const pair = KeyPair.fromRandom("ed25519");
    const message = { ...MESSAGE, nonce: new Uint8Array(randomBytes(32)), ...change };
    const signed = await new KeyPairSigner(pair).signNep413Message("alice.near", message);
    const key = { type: "ed25519", data: pair.getPublicKey().data } as const;
    const signature = { type: "ed25519", data: Uint8Array.from(signed.signature) } as const;
    expect(verifySignature(key, nep413Hash(message), signature)).toBe(true);
    expect(verifySignature(key, nep413Hash({ ...message, recipient: "example.org" }), signature)).toBe(false);
  });

  it("hash to the vector of threshold-ed25519-frost-2p-v1", () => {
    expect(base64urlnopad.encode(nep413Hash(MESSAGE))).toBe("v6nal2jk7CiKwXm05R2Lsm8iImhll4uDXnSI7I9d_Cg");
  });

  it("hash differently with each part, and with an empty callback and none", () => {
    const hashes = [
      MESSAGE,
      { ...MESSAGE, message: "hell" },
      { ...MESSAGE, nonce: new Uint8Array(32).fill(6) },
      { ...MESSAGE, recipient: "example.org" },
      { ...MESSAGE, callbackUrl: "" },
      { ...MESSAGE, callbackUrl: "https://example.com" },
    ].map((message) => base64urlnopad.encode(nep413Hash(message)));
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it.each([0, 31, 33])("with a nonce of %i bytes are refused", (length) => {
    expect(() => nep413Hash({ ...MESSAGE, nonce: new Uint8Array(length) })).toThrow(RangeError);
  });
});
