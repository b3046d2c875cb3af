import { shake128 } from "@noble/hashes/sha3.js";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { createRecipient, sealTo, suite } from "./hpke.ts";

const INFO = utf8ToBytes("info");
const PLAINTEXT = new Uint8Array(32).fill(42);

/**
 * RFC 9180's vector for this suite in base mode (its list has it, appendix A does not). What stands for the messages is
 * an accumulation: inputs drawn from SHAKE128 of nothing (a byte of length, then the bytes), and the first 16 bytes of
 * SHAKE128 over all ciphertexts.
 */
const RFC9180 = {
  info: "4f6465206f6e2061204772656369616e2055726e",
  ikmE: "2cd7c601cefb3d42a62b04b7a9041494c06c7843818e0ce28a8f704ae7ab20f9",
  skRm: "497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d",
  pkRm: "430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c",
  enc: "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256",
  ciphertexts: "1702e73e1e71705faa8241022af1deea",
};

describe("the suite", () => {
  it("seals and opens RFC 9180's messages", async () => {
    const recipientPublicKey = await suite.kem.deserializePublicKey(hexToBytes(RFC9180.pkRm));
    const recipientKey = await suite.kem.deserializePrivateKey(hexToBytes(RFC9180.skRm));
    const info = hexToBytes(RFC9180.info);
    const sender = await suite.createSenderContext({
      recipientPublicKey,
      info,
      ekm: hexToBytes(RFC9180.ikmE),
    });
    expect(bytesToHex(new Uint8Array(sender.enc))).toBe(RFC9180.enc);
    const recipient = await suite.createRecipientContext({ recipientKey, enc: sender.enc, info });
    const [inputs, outputs] = [shake128.create(), shake128.create()];
    const draw = () => inputs.xof(inputs.xof(1)[0] ?? 0);
    for (let i = 0; i < 1000; i++) {
      const [aad, plaintext] = [draw(), draw()];
      const ciphertext = await sender.seal(plaintext, aad);
      outputs.update(new Uint8Array(ciphertext));
      expect(new Uint8Array(await recipient.open(ciphertext, aad))).toEqual(plaintext);
    }
    expect(bytesToHex(outputs.xof(16))).toBe(RFC9180.ciphertexts);
  });
});

describe("what is sealed", () => {
  it("is opened by the recipient, and is 16 bytes longer", async () => {
    const recipient = await createRecipient();
    const { encapsulatedKey, sealed } = await sealTo(recipient.publicKey, INFO, PLAINTEXT);
    expect([recipient.publicKey.length, encapsulatedKey.length, sealed.length]).toEqual([32, 32, 48]);
    expect(await recipient.open(encapsulatedKey, INFO, sealed)).toEqual(PLAINTEXT);
  });

  it("is not opened with another info, key, encapsulated key or ciphertext", async () => {
    const [recipient, other] = [await createRecipient(), await createRecipient()];
    const { encapsulatedKey, sealed } = await sealTo(recipient.publicKey, INFO, PLAINTEXT);
    await expect(recipient.open(encapsulatedKey, utf8ToBytes("other"), sealed)).rejects.toThrow();
    await expect(other.open(encapsulatedKey, INFO, sealed)).rejects.toThrow();
    await expect(recipient.open(other.publicKey, INFO, sealed)).rejects.toThrow();
    for (const at of [0, 31, 32, 47]) {
      const changed = sealed.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(recipient.open(encapsulatedKey, INFO, changed)).rejects.toThrow();
    }
  });

  it("differs each time", async () => {
    const { publicKey } = await createRecipient();
    const [a, b] = [await sealTo(publicKey, INFO, PLAINTEXT), await sealTo(publicKey, INFO, PLAINTEXT)];
    expect(a.encapsulatedKey).not.toEqual(b.encapsulatedKey);
    expect(a.sealed).not.toEqual(b.sealed);
  });

  it.each([0, 31, 33])("is refused for a key of %i bytes", async (length) => {
    await expect(sealTo(new Uint8Array(length).fill(1), INFO, PLAINTEXT)).rejects.toThrow();
  });

  it.each([
    ["0", new Uint8Array(32)],
    ["1", Uint8Array.from(new Uint8Array(32), (_, i) => (i === 0 ? 1 : 0))],
  ])("is refused for the key of small order %s", async (_, key) => {
    await expect(sealTo(key, INFO, PLAINTEXT)).rejects.toThrow();
  });
});
