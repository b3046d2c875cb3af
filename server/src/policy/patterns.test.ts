import { describe, expect, it } from "vitest";
import { isMethodPattern, isReceiverPattern, matchesName, matchesReceiver } from "./patterns.ts";

describe("a receiver pattern", () => {
  it.each(["app.near", "*.app.near", "*.near", "*", "@sender", "ab".repeat(32), `*.${"a".repeat(64)}`])(
    "may be %s",
    (pattern) => expect(isReceiverPattern(pattern)).toBe(true),
  );

  it.each([
    "",
    "*app.near",
    "**",
    "*.",
    "*.*",
    "*.app.near.",
    "app.*",
    "a*.near",
    "*.App.near",
    "APP.near",
    "@Sender",
    "@receiver",
    " app.near",
    "app.near\n",
    "*.*.near",
    `*.${"a".repeat(65)}`,
  ])("may not be %j", (pattern) => expect(isReceiverPattern(pattern)).toBe(false));

  it.each([
    ["app.near", "app.near", true],
    ["app.near", "x.app.near", false],
    ["app.near", "app.near.evil.near", false],
    ["*.app.near", "x.app.near", true],
    ["*.app.near", "y.x.app.near", true],
    ["*.app.near", "app.near", false],
    ["*.app.near", "evilapp.near", false],
    ["*.app.near", "app.near.evil.near", false],
    ["*.app.near", ".app.near", false],
    ["*", "anything.near", true],
    ["@sender", "alice.near", true],
    ["@sender", "bob.near", false],
    ["@sender", "@sender", false],
  ])("%s for %s: %s", (pattern, receiver, matches) =>
    expect(matchesReceiver(pattern, receiver, "alice.near")).toBe(matches),
  );
});

describe("a method pattern", () => {
  it.each(["vote", "*", "*_vote", "m".repeat(256), `*${"m".repeat(256)}`, "é".repeat(128)])(
    "may be %s",
    (pattern) => expect(isMethodPattern(pattern)).toBe(true),
  );

  it.each(["", "**", "vote*", "a*b", "m".repeat(257), `*${"m".repeat(257)}`, "é".repeat(129)])(
    "may not be %s",
    (pattern) => expect(isMethodPattern(pattern)).toBe(false),
  );

  it.each([
    ["vote", "vote", true],
    ["vote", "Vote", false],
    ["vote", "votes", false],
    ["vote", "", false],
    ["*_vote", "cast_vote", true],
    ["*_vote", "_vote", false],
    ["*_vote", "cast_vote_", false],
    ["*", "", true],
  ])("%s for %s: %s", (pattern, method, matches) => expect(matchesName(pattern, method)).toBe(matches));
});
