import { Secret } from "@countersign/service-kit";
import { expect, test } from "vitest";
import { SecretSealer } from "./secret-sealer.ts";

const OLD = new Secret("a1".repeat(32));
const NEW = new Secret(Buffer.alloc(32, 0xb2).toString("base64"));
const SECRET = new Secret<Uint8Array>(Uint8Array.from({ length: 32 }, (_, i) => i));

test("what is sealed is opened for its webhook alone, and says nothing of the secret", () => {
  const sealer = new SecretSealer([OLD]);
  const sealed = sealer.seal("wh_1", SECRET);
  expect(sealer.open("wh_1", sealed)?.reveal()).toEqual(SECRET.reveal());
  expect(sealer.open("wh_2", sealed)).toBeUndefined();
  expect(Buffer.from(sealed).includes(Buffer.from(SECRET.reveal()).subarray(0, 8))).toBe(false);
  expect(sealer.seal("wh_1", SECRET)).not.toEqual(sealed);
});

test("a key is replaced: the first seals, the others still open", () => {
  const sealed = new SecretSealer([OLD]).seal("wh_1", SECRET);
  const both = new SecretSealer([NEW, OLD]);
  expect(both.open("wh_1", sealed)?.reveal()).toEqual(SECRET.reveal());
  expect(both.isCurrent("wh_1", sealed)).toBe(false);
  expect(both.isCurrent("wh_1", both.seal("wh_1", SECRET))).toBe(true);
  expect(new SecretSealer([NEW]).open("wh_1", sealed)).toBeUndefined();
});

test("nothing that was tampered with is opened", () => {
  const sealer = new SecretSealer([OLD]);
  const sealed = sealer.seal("wh_1", SECRET);
  for (let i = 0; i < sealed.length; i++) {
    const changed = Uint8Array.from(sealed);
    changed[i] = (changed[i] ?? 0) ^ 1;
    expect(sealer.open("wh_1", changed), `byte ${i}`).toBeUndefined();
  }
  for (const length of [0, 1, 13, 28, 29, sealed.length - 1]) {
    expect(sealer.open("wh_1", sealed.subarray(0, length)), `${length} bytes`).toBeUndefined();
  }
});
