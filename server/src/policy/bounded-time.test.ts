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

  it("begins again after the machine kept it from running, and not for ever", () => {
    const asleep = () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    let beginnings = 0;
    const value = withinTime(20, () => {
      if (++beginnings === 1) asleep();
      return beginnings;
    });
    expect(value).toBe(2);
    beginnings = 0;
    const always = () => {
      beginnings++;
      asleep();
    };
    expect(() => withinTime(20, always)).toThrow(TookTooLongError);
    expect(beginnings).toBe(3);
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
