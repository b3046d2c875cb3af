import { describe, expect, it } from "vitest";
import { submissionId } from "./submission-id.ts";

const zeros = (length: number) => new Uint8Array(length);
const ones = (length: number) => new Uint8Array(length).fill(255);

describe("a submission's id", () => {
  it("is sub_ and 26 characters", () => {
    expect(submissionId(new Date(1_790_000_000_000), ones)).toMatch(/^sub_[0-9a-hjkmnp-tv-z]{26}$/);
  });

  it("sorts by time whatever the random part is", () => {
    const earlier = submissionId(new Date(1_790_000_000_000), ones);
    const later = submissionId(new Date(1_790_000_000_001), zeros);
    expect(earlier < later).toBe(true);
  });
});
