import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { submissionIds } from "./submission-id.ts";

describe("submissions' ids", () => {
  it("are sub_ and 26 characters", () => {
    expect(submissionIds(() => new Date(1_790_000_000_000), randomBytes)()).toMatch(
      /^sub_[0-9a-hjkmnp-tv-z]{26}$/,
    );
  });

  it("sort in the order in which they were made, also within a millisecond and when the clock goes back", () => {
    const times = [5, 5, 5, 6, 4, 4, 7].map((ms) => new Date(1_790_000_000_000 + ms));
    const next = submissionIds(() => times.shift() ?? new Date(), randomBytes);
    const made = Array.from({ length: 7 }, next);
    expect([...made].sort()).toEqual(made);
  });

  it("stay in order and unique past the counter's end", () => {
    const next = submissionIds(
      () => new Date(1_790_000_000_000),
      (length) => new Uint8Array(length),
    );
    const made = Array.from({ length: 2 ** 16 + 2 }, next);
    expect(new Set(made).size).toBe(made.length);
    expect((made.at(-1) ?? "") > (made.at(-3) ?? "")).toBe(true);
  });
});
