import { describe, expect, it } from "vitest";
import { WriteBatch } from "./write-batch.ts";

describe("a write batch", () => {
  it("joins what is asked for while a write is under way, in order", async () => {
    const written: number[][] = [];
    const first = Promise.withResolvers<void>();
    const batch = new WriteBatch<number>(async (items) => {
      written.push([...items]);
      if (written.length === 1) await first.promise;
    });
    const writes = [batch.add(1)];
    await Promise.resolve();
    writes.push(batch.add(2), batch.add(3));
    first.resolve();
    await Promise.all(writes);
    await batch.add(4);
    expect(written).toEqual([[1], [2, 3], [4]]);
  });

  it("fails the callers of a failed write, and goes on with the next", async () => {
    let fail = true;
    const batch = new WriteBatch<number>(async () => {
      if (fail) throw new Error("disk full");
    });
    await expect(Promise.allSettled([batch.add(1), batch.add(2)])).resolves.toMatchObject([
      { status: "rejected" },
      { status: "rejected" },
    ]);
    fail = false;
    await expect(batch.add(3)).resolves.toBeUndefined();
  });
});
