import { describe, expect, it } from "vitest";
import { isMethodPattern, isReceiverPattern, nameMatches, receiverMatches } from "./name-patterns.ts";

describe("a receiver pattern", () => {
  it.each(["app.near", "*.app.near", "*", "@sender", `*.${"a".repeat(64)}`])("may be %s", (text) =>
    expect(isReceiverPattern(text)).toBe(true),
  );

  it.each(["", "**", "*.", "*app.near", "*.*.near", "app.*", "APP.near", "@Sender", " a.near", "a.near\n"])(
    "may not be %j",
    (text) => expect(isReceiverPattern(text)).toBe(false),
  );

  it.each([
    ["app.near", "app.near", true],
    ["app.near", "x.app.near", false],
    ["*.app.near", "y.x.app.near", true],
    ["*.app.near", "app.near", false],
    ["*.app.near", "evilapp.near", false],
    ["*.app.near", "x.app.near.evil.near", false],
    ["*", "anything.near", true],
    ["@sender", "alice.near", true],
    ["@sender", "bob.near", false],
  ])("%s for %s: %s", (pattern, receiver, matches) =>
    expect(receiverMatches(pattern, receiver, "alice.near")).toBe(matches),
  );
});

describe("a method pattern", () => {
  it.each(["vote", "*", "*_vote", "é".repeat(128)])("may be %s", (text) =>
    expect(isMethodPattern(text)).toBe(true),
  );

  it.each(["", "**", "vote*", "a*b", "é".repeat(129)])("may not be %s", (text) =>
    expect(isMethodPattern(text)).toBe(false),
  );

  it.each([
    ["vote", "vote", true],
    ["vote", "vote_all", false],
    ["*_vote", "up_vote", true],
    ["*_vote", "_vote", false],
    ["*", "", true],
  ])("%s for %j: %s", (pattern, method, matches) => expect(nameMatches(pattern, method)).toBe(matches));
});
