import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { RefreshToken } from "./refresh-token.ts";

test("a token is 256 bits, and is read back from its text", () => {
  const token = RefreshToken.mint(randomBytes);
  expect(token.text()).toMatch(/^csr_[A-Za-z0-9_-]{43}$/);
  expect(RefreshToken.parse(token.text())?.hash()).toEqual(token.hash());
  expect(RefreshToken.mint(randomBytes).hash()).not.toEqual(token.hash());
});

test("the next token is of the same family, which no stranger's is, and shares no more with it", () => {
  const token = RefreshToken.mint(randomBytes);
  const next = token.next(randomBytes);
  expect(next.hashes().family).toEqual(token.hashes().family);
  expect(next.hashes().token).not.toEqual(token.hashes().token);
  expect(RefreshToken.mint(randomBytes).hashes().family).not.toEqual(token.hashes().family);
  const [one, other] = [token, next].map((each) => Buffer.from(each.text().slice(4), "base64url"));
  expect(other?.subarray(0, 16)).toEqual(one?.subarray(0, 16));
  expect(other?.subarray(16)).not.toEqual(one?.subarray(16));
});

test("only the holder of a token opens its successor", () => {
  const [token, stranger, successor] = [1, 2, 3].map((byte) =>
    RefreshToken.mint(() => Buffer.alloc(32, byte)),
  );
  if (token === undefined || stranger === undefined || successor === undefined) throw new Error("no tokens");
  const sealed = token.seal(successor);
  expect(token.open(sealed).text()).toBe(successor.text());
  expect(stranger.open(sealed).text()).not.toBe(successor.text());
});

test.each([
  "",
  "csr_",
  `csr_${"A".repeat(42)}`,
  `csr_${"A".repeat(42)}B`,
  `csr_${"A".repeat(44)}`,
  `cst_${"A".repeat(43)}`,
])("%j is no token", (text) => {
  expect(RefreshToken.parse(text)).toBeUndefined();
});

test("a token prints nothing of itself", () => {
  const token = RefreshToken.mint(() => Buffer.alloc(32, 1));
  expect(`${inspect(token)}${JSON.stringify(token)}`).not.toContain("AQEB");
});
