import { describe, expect, it } from "vitest";
import { canMove, isTerminal, SUBMISSION_STATES, sourcesOf } from "./states.ts";

describe("the states of a submission", () => {
  it("end in SUCCEEDED, FAILED, REJECTED or EXPIRED and nowhere else", () => {
    expect(SUBMISSION_STATES.filter(isTerminal)).toEqual(["SUCCEEDED", "FAILED", "REJECTED", "EXPIRED"]);
  });

  it("reject only what was never signed, and expire only what was", () => {
    expect(sourcesOf("REJECTED")).toEqual(["ACCEPTED"]);
    expect(sourcesOf("EXPIRED")).not.toContain("ACCEPTED");
  });

  it("come back to SIGNED from every state with a transaction that may turn out dead", () => {
    expect(sourcesOf("SIGNED")).toEqual(["ACCEPTED", "SIGNED", "BROADCAST", "INCLUDED"]);
  });

  it("otherwise only move forward", () => {
    for (const [i, from] of SUBMISSION_STATES.entries()) {
      const back = SUBMISSION_STATES.slice(0, i).filter((to) => to !== "SIGNED" && canMove(from, to));
      expect(back, from).toEqual([]);
    }
  });
});
