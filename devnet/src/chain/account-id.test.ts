import { describe, expect, it } from "vitest";
import { isSubAccountOf, isTopLevel, isValidAccountId } from "./account-id.ts";

/** Of the near-account-id crate's own lists (src/test_data.rs). */
describe("an account id", () => {
  it.each([
    "aa",
    "a-a",
    "a-aa",
    "100",
    "0o",
    "com",
    "near",
    "bowen",
    "b-o_w_e-n",
    "b.owen",
    "bro.wen",
    "a.ha",
    "a.b-a.ra",
    "system",
    "over.9000",
    "google.com",
    "illia.cheapaccounts.near",
    "0o0ooo00oo00o",
    "alex-skidanov",
    "10-4.8-2",
    "b-o_w_e-n",
    "no_lols",
    "0123456789012345678901234567890123456789012345678901234567890123",
    "near.a",
  ])("may be %s", (id) => expect(isValidAccountId(id)).toBe(true));

  it.each([
    "",
    "a",
    "A",
    "Abc",
    "-near",
    "near-",
    "-near-",
    "near.",
    ".near",
    "near@",
    "@near",
    "неар",
    "_a",
    "0__0",
    "0_-_0",
    "..",
    "a..near",
    "nEar",
    "_bowen",
    "hello world",
    "abcdefghijklmnopqrstuvwxyz.abcdefghijklmnopqrstuvwxyz.abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789012345678901234567890123456789012345678901234",
    "some-complex-address@gmail.com",
    "a\n",
  ])("may not be %j", (id) => expect(isValidAccountId(id)).toBe(false));

  it("is another's sub-account when it has one part more", () => {
    expect(isSubAccountOf("a.near", "near")).toBe(true);
    expect(isSubAccountOf("b.a.near", "near")).toBe(false);
    expect(isSubAccountOf("anear", "near")).toBe(false);
    expect(isSubAccountOf("near", "near")).toBe(false);
  });

  it("is top-level without a dot, but for the system's", () => {
    expect(isTopLevel("near")).toBe(true);
    expect(isTopLevel("a.near")).toBe(false);
    expect(isTopLevel("system")).toBe(false);
  });
});
