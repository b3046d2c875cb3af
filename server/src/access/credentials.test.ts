import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { expect, test } from "vitest";
import { mintApiKey } from "./api-key.ts";
import { readCredentials } from "./credentials.ts";

const minted = mintApiKey((length) => new Uint8Array(length).fill(7));
const KEY = minted.text.reveal();

test("a call without either header has no credentials", () => {
  expect(readCredentials(new Headers({ cookie: "session=1" }))).toBeUndefined();
});

test.each([
  ["Authorization", { authorization: `Bearer ${KEY}` }],
  ["a scheme in lower case", { authorization: `bearer ${KEY}` }],
  ["X-API-Key", { "x-api-key": KEY }],
  ["both with the same key", { authorization: `Bearer ${KEY}`, "x-api-key": KEY }],
])("reads an API key from %s", (_, headers) => {
  expect(readCredentials(new Headers(headers))).toMatchObject({ kind: "api-key", key: { id: minted.id } });
});

test("whatever else Authorization bears is a token", () => {
  const headers = new Headers({ authorization: "Bearer a.b.c" });
  expect(readCredentials(headers)).toEqual({ kind: "token", token: "a.b.c" });
});

test.each([
  ["another scheme", { authorization: "Basic dTpw" }],
  ["no token", { authorization: "Bearer" }],
  ["two tokens", { authorization: "Bearer a.b.c, Bearer d.e.f" }],
  ["a malformed key", { authorization: `Bearer ${KEY}-` }],
  ["a token in X-API-Key", { "x-api-key": "a.b.c" }],
  ["a token in both", { authorization: "Bearer a.b.c", "x-api-key": "a.b.c" }],
  ["two different keys", { authorization: `Bearer ${KEY}`, "x-api-key": `${KEY}1` }],
  ["a key and a token", { authorization: "Bearer a.b.c", "x-api-key": KEY }],
  ["an empty X-API-Key", { "x-api-key": "" }],
  ["more than 8 KiB", { authorization: `Bearer ${"a".repeat(8193)}` }],
  ["more than 8 KiB of spaces", { authorization: `Bearer${" ".repeat(9000)}a` }],
])("refuses %s", (_, headers) => {
  expect(() => readCredentials(new Headers(headers))).toThrow(
    expect.objectContaining({ reason: ErrorReason.CREDENTIALS_INVALID }),
  );
});
