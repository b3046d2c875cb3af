import { expect, it } from "vitest";
import { TokenFailure, tokenFailureOf } from "./token-failure.ts";

it.each([
  ["CKR_PIN_INCORRECT", "pin"],
  ["CKR_PIN_LOCKED", "pin"],
  ["CKR_KEY_FUNCTION_NOT_PERMITTED", "key"],
  ["CKR_MECHANISM_INVALID", "key"],
  ["CKR_SESSION_HANDLE_INVALID", "lost"],
  ["CKR_TOKEN_NOT_PRESENT", "lost"],
  ["CKR_DEVICE_REMOVED", "lost"],
  ["CKR_DEVICE_ERROR", "lost"],
  ["CKR_USER_NOT_LOGGED_IN", "lost"],
  ["CKR_OBJECT_HANDLE_INVALID", "lost"],
  ["CKR_KEY_HANDLE_INVALID", "lost"],
  ["CKR_CRYPTOKI_NOT_INITIALIZED", "lost"],
  ["CKR_GENERAL_ERROR", "lost"],
  ["CKR_VENDOR_DEFINED", "lost"],
])("%s is told apart as %s", (value, kind) => {
  // pkcs11js gives either form.
  for (const message of [value, `${value}:5\n    at PKCS11.C_Sign (native)`]) {
    expect(tokenFailureOf(new Error(message))).toMatchObject({ kind, message: `the token answers ${value}` });
  }
});

it("an error of another kind counts as lost, with its words", () => {
  expect(tokenFailureOf(new TypeError("boom"))).toMatchObject({ kind: "lost", message: "boom" });
});

it("a failure that is known already stays what it is", () => {
  const failure = new TokenFailure("key", "the token has no private key k");
  expect(tokenFailureOf(failure)).toBe(failure);
});
