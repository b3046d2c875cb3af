import { expect, test } from "vitest";
import { mintApiKey } from "./api-key.ts";
import { passedCredential } from "./passed-credential.ts";

const passed = (headers: Record<string, string>) => passedCredential(new Headers(headers))?.reveal();

test("a bearer token is passed on, without its scheme", () => {
  expect(passed({ authorization: "Bearer a.b.c" })).toBe("a.b.c");
  expect(passed({ authorization: `Bearer ${"x".repeat(8192)}` })).toHaveLength(8192);
});

const apiKey = mintApiKey((length) => Buffer.alloc(length, 7)).text.reveal();

test.each([
  ["an API key", { authorization: `Bearer ${apiKey}` }],
  ["an API key in its own header", { "x-api-key": apiKey }],
  ["a cookie alone", { cookie: "session=a" }],
  ["another scheme, which a custom authenticator may take", { authorization: "Basic YTpi" }],
  ["a token that is too long for the contract", { authorization: `Bearer ${"x".repeat(8193)}` }],
])("%s is not", (_, headers) => {
  expect(passed(headers)).toBeUndefined();
});
