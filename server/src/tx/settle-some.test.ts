import { expect, test } from "vitest";
import { settleSome } from "./settle-some.ts";

test("works on so many at once, begins in order, and answers in order", async () => {
  let running = 0;
  let most = 0;
  const begun: number[] = [];
  const results = await settleSome([5, 1, 4, 2, 3], 2, async (item, i) => {
    begun.push(i);
    most = Math.max(most, ++running);
    for (let turns = 0; turns < item; turns++) await Promise.resolve();
    running--;
    if (item === 4) throw new Error("four");
    return item * 10;
  });
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  expect(most).toBe(2);
  expect(results).toEqual([
    { status: "fulfilled", value: 50 },
    { status: "fulfilled", value: 10 },
    { status: "rejected", reason: new Error("four") },
    { status: "fulfilled", value: 20 },
    { status: "fulfilled", value: 30 },
  ]);
});

test("begins all at once, before anything is awaited, where that many may be", () => {
  const begun: string[] = [];
  void settleSome(["a", "b", "c"], 3, async (item) => void begun.push(item));
  expect(begun).toEqual(["a", "b", "c"]);
});
