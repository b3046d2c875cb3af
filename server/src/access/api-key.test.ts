import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { Secret } from "@countersign/service-kit";
import { expect, test } from "vitest";
import { ApiKeyHasher, mintApiKey, parseApiKey } from "./api-key.ts";

const pepper = (text: string) => new Secret(`${text}-pepper-of-some-length`);

test("what is minted can be parsed and verified", () => {
  const hasher = new ApiKeyHasher([pepper("a")]);
  const minted = mintApiKey(randomBytes);
  const parsed = parseApiKey(minted.text.reveal());
  if (parsed === undefined) throw new Error("a minted key is a key");
  expect(minted.text.reveal()).toBe(`cs_live_${minted.id}_${minted.secret.reveal()}`);
  expect(parsed.id).toBe(minted.id);
  expect(hasher.hash(minted)).toHaveLength(32);
  expect(hasher.verify(parsed, hasher.hash(minted))).toBe(true);
});

test.each([
  ["all zeros", 0],
  ["all ones", 255],
])("random bytes of %s still make a key", (_, byte) => {
  const minted = mintApiKey((length) => new Uint8Array(length).fill(byte));
  expect(parseApiKey(minted.text.reveal())?.id).toBe(minted.id);
});

test("two keys share neither id nor secret", () => {
  const [a, b] = [mintApiKey(randomBytes), mintApiKey(randomBytes)];
  expect(a.id).not.toBe(b.id);
  expect(a.secret.reveal()).not.toBe(b.secret.reveal());
});

test("a key never prints its secret", () => {
  const minted = mintApiKey(randomBytes);
  expect(inspect(minted) + JSON.stringify(minted)).not.toContain(minted.secret.reveal());
});

const ID = "0123456789abcdef";
const SECRET = "z".repeat(43);

test.each([
  ["nothing", ""],
  ["another prefix", `cs_test_${ID}_${SECRET}`],
  ["a short id", `cs_live_${ID.slice(1)}_${SECRET}`],
  ["an id with an ambiguous letter", `cs_live_${ID.slice(1)}l_${SECRET}`],
  ["an id in capitals", `cs_live_${ID.toUpperCase()}_${SECRET}`],
  ["a short secret", `cs_live_${ID}_${"z".repeat(31)}`],
  ["a long secret", `cs_live_${ID}_${"z".repeat(45)}`],
  ["a secret that is not base58", `cs_live_${ID}_${"0".repeat(43)}`],
  ["something behind it", `cs_live_${ID}_${SECRET}\n`],
  ["a megabyte", `cs_live_${ID}_${"z".repeat(1_000_000)}`],
])("%s is no key", (_, text) => {
  expect(parseApiKey(text)).toBeUndefined();
});

test("neither another secret, nor another id, nor another pepper verifies", () => {
  const hasher = new ApiKeyHasher([pepper("a")]);
  const [key, other] = [mintApiKey(randomBytes), mintApiKey(randomBytes)];
  const hash = hasher.hash(key);
  expect(hasher.verify({ id: key.id, secret: other.secret }, hash)).toBe(false);
  expect(hasher.verify({ id: other.id, secret: key.secret }, hash)).toBe(false);
  expect(new ApiKeyHasher([pepper("b")]).verify(key, hash)).toBe(false);
  expect(hasher.verify(key, hash.subarray(1))).toBe(false);
});

test("a new pepper goes first, and keys hashed under the old one go on", () => {
  const key = mintApiKey(randomBytes);
  const before = new ApiKeyHasher([pepper("old")]).hash(key);
  const hasher = new ApiKeyHasher([pepper("new"), pepper("old")]);
  expect(hasher.verify(key, before)).toBe(true);
  expect(hasher.hash(key)).toEqual(new ApiKeyHasher([pepper("new")]).hash(key));
  expect(hasher.verify(key, hasher.hash(key))).toBe(true);
});

test("there must be a pepper", () => {
  expect(() => new ApiKeyHasher([])).toThrow("pepper");
});
