import { describe, expect, it } from "vitest";
import { TookTooLongError, withinTime } from "./bounded-time.ts";

const forever = () => {
  for (;;);
};

describe("work within a time", () => {
  it("gives its value, also undefined", () => {
    expect(withinTime(1_000, () => 7)).toBe(7);
    expect(withinTime(1_000, () => undefined)).toBeUndefined();
  });

  it("throws what it throws", () => {
    const error = new RangeError("mine");
    expect(() =>
      withinTime(1_000, () => {
        throw error;
      }),
    ).toThrow(error);
  });

  it("is stopped, even when it catches everything", () => {
    expect(() => withinTime(20, forever)).toThrow(TookTooLongError);
    const stubborn = () => {
      for (;;) {
        try {
          forever();
        } catch {}
      }
    };
    expect(() => withinTime(20, stubborn)).toThrow(TookTooLongError);
    expect(withinTime(1_000, () => "afterwards")).toBe("afterwards");
  });
});
