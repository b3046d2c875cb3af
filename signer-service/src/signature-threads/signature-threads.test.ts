import { generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { expect, it } from "vitest";
import { signEd25519, verifyEd25519 } from "./signature-threads.ts";

const { publicKey: opensslKey, privateKey } = generateKeyPairSync("ed25519");
const publicKey = rawOf(opensslKey);
const keys = { privateKey, publicKey };
const other = generateKeyPairSync("ed25519");
const texts = Array.from({ length: 100 }, (_, i) => Buffer.from(`transaction ${i}`));

it("gives everyone who asks in one turn the signature over their own bytes", async () => {
  const signatures = await Promise.all(texts.map((text) => signEd25519(keys, text)));
  expect(
    signatures.map((signature, i) => verify(null, texts[i] as Buffer, opensslKey, signature as Uint8Array)),
  ).toEqual(texts.map(() => true));
});

it("tells good signatures from bad ones that are asked about with them", async () => {
  const valid = await Promise.all(
    texts.map((text, i) =>
      verifyEd25519(publicKey, text, sign(null, text, i % 3 === 0 ? other.privateKey : privateKey)),
    ),
  );
  expect(valid).toEqual(texts.map((_, i) => i % 3 !== 0));
});

it("takes bytes that are part of a larger message", async () => {
  const message = Buffer.concat([Buffer.alloc(100), texts[0] as Buffer, Buffer.alloc(100)]);
  const part = message.subarray(100, 100 + (texts[0]?.length ?? 0));
  expect(
    await verifyEd25519(publicKey, part, (await signEd25519(keys, texts[0] as Buffer)) as Uint8Array),
  ).toBe(true);
});

it("verifies nothing with a key that cannot be read, and signs nothing with one that cannot sign", async () => {
  const [text] = texts as [Buffer];
  const none = Buffer.from("no key");
  const [valid, signed, next] = await Promise.allSettled([
    verifyEd25519(none, text, sign(null, text, privateKey)),
    signEd25519({ privateKey: opensslKey, publicKey }, text),
    verifyEd25519(publicKey, text, sign(null, text, privateKey)),
  ]);
  expect(valid).toMatchObject({ value: false });
  expect(signed.status).toBe("rejected");
  expect(next).toMatchObject({ value: true });
});

it("gives no signature that is not the public key's", async () => {
  const pairs = texts.map((_, i) => (i % 3 === 0 ? { privateKey, publicKey: rawOf(other.publicKey) } : keys));
  const signatures = await Promise.all(texts.map((text, i) => signEd25519(pairs[i] ?? keys, text)));
  expect(signatures.map((signature) => signature !== undefined)).toEqual(texts.map((_, i) => i % 3 !== 0));
});

it("checks what a call begins with before most of what others end with", async () => {
  const [text] = texts as [Buffer];
  const signature = sign(null, text, privateKey);
  let signed = 0;
  // More than the threads take at once: the check comes when most of it waits.
  const all = Array.from({ length: 1_000 }, () => signEd25519(keys, text).then(() => signed++));
  await Promise.race(all);
  await verifyEd25519(publicKey, text, signature);
  expect(signed).toBeLessThan(500);
  await Promise.all(all);
});

function rawOf(key: KeyObject): Uint8Array {
  return key.export({ format: "der", type: "spki" }).subarray(-32);
}
