import { expect, test } from "vitest";
import { isEndUserId, keyCaller, onBehalfOf, userCaller } from "./callers.ts";

test("a key's submissions are the tenant's, and its limits its own", () => {
  expect(keyCaller({ id: "k1", tenant: "acme", scopes: ["read"] })).toEqual({
    tenant: "acme",
    id: "tenant",
    actor: "key:k1",
    keyId: "k1",
    endUser: null,
    budgetUser: "key:k1",
    scopes: new Set(["read"]),
    appSession: null,
  });
});

test("a user's submissions and limits are the user's", () => {
  expect(userCaller("acme", "bob", ["submit"])).toEqual({
    tenant: "acme",
    id: "user:bob",
    actor: "user:bob",
    keyId: null,
    endUser: "bob",
    budgetUser: "user:bob",
    scopes: new Set(["submit"]),
    appSession: null,
  });
});

test("a key on behalf of a user acts under its own name, for the user's submissions and limits", () => {
  const key = keyCaller({ id: "k1", tenant: "acme", scopes: ["end-users"] });
  expect(onBehalfOf(key, "bob")).toMatchObject({
    id: "user:bob",
    actor: "key:k1",
    keyId: "k1",
    endUser: "bob",
    budgetUser: "user:bob",
  });
});

test.each([
  ["", false],
  ["a b", false],
  ["é", false],
  ["a\u0000", false],
  ["a\n", false],
  ["x".repeat(129), false],
  ["x".repeat(128), true],
  ["auth0|5f7c8ec7c33c6c004bbafe82", true],
])("%j as an end user's id: %s", (text, is) => {
  expect(isEndUserId(text)).toBe(is);
});
