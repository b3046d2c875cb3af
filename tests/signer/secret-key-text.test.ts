import { randomBytes } from "node:crypto";
import { parseSecretKeyText } from "@countersign/signer-service/backends/keystore/secret-key-text.ts";
import { baseEncode, KeyPair } from "near-api-js";
import { describe, expect, it } from "vitest";

const pair = KeyPair.fromRandom("ed25519");
const secretKey = pair.toString();
const publicKey = pair.getPublicKey().toString();
const text = (bytes: Uint8Array) => `ed25519:${baseEncode(bytes)}`;

describe("a secret key's text", () => {
  it("of 64 bytes and of 32 bytes gives the same seed, whatever space is around it", () => {
    const seed = randomBytes(32);
    const withPublicKey = KeyPair.fromString(text(seed) as `ed25519:${string}`).toString();
    expect(Buffer.from(parseSecretKeyText(` ${text(seed)}\n`).seed)).toEqual(seed);
    expect(Buffer.from(parseSecretKeyText(withPublicKey).seed)).toEqual(seed);
  });

  it("in a credentials file, under its older name too, comes with the account", () => {
    const plain = parseSecretKeyText(secretKey);
    for (const name of ["private_key", "secret_key"]) {
      const json = JSON.stringify({ account_id: "a.near", public_key: publicKey, [name]: secretKey });
      expect(parseSecretKeyText(json)).toEqual({ seed: plain.seed, accountId: "a.near" });
    }
    expect(plain.accountId).toBeNull();
  });

  it("is refused, and never quoted, when it is not whole", () => {
    const secret = secretKey.slice("ed25519:".length);
    const broken: [string, string][] = [
      [secret, 'begins with "ed25519:"'],
      [`secp256k1:${secret}`, 'begins with "ed25519:"'],
      [`${secretKey}0`, "is base58"],
      [text(randomBytes(33)), "32 or 64 bytes, not 33"],
      [text(randomBytes(64)), "second half is not its public key"],
      [`{"private_key": "${secretKey}"`, "are not JSON"],
      [JSON.stringify({ public_key: publicKey }), "hold no private_key"],
      [
        JSON.stringify({
          private_key: secretKey,
          public_key: KeyPair.fromRandom("ed25519").getPublicKey().toString(),
        }),
        "public_key is not the private key's",
      ],
      [secretKey.padEnd(5000), "too long"],
    ];
    for (const [input, message] of broken) {
      let thrown = "";
      try {
        parseSecretKeyText(input);
      } catch (error) {
        thrown = String(error);
      }
      expect(thrown).toContain(message);
      expect(thrown).not.toContain(secret);
    }
  });
});
