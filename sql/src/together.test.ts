import { expect, it } from "vitest";
import { together } from "./together.ts";

it("gives the results in order", async () => {
  expect(await together([Promise.resolve(1), Promise.resolve("two")])).toEqual([1, "two"]);
});

it("throws the first error in order, once all have ended", async () => {
  const slow = Promise.withResolvers<void>();
  let isOver = false;
  const ended = together([
    slow.promise.then(() => {
      throw new Error("first");
    }),
    Promise.reject(new Error("second")),
  ]).catch((error: Error) => {
    isOver = true;
    return error.message;
  });
  await new Promise(setImmediate);
  expect(isOver).toBe(false);
  slow.resolve();
  expect(await ended).toBe("first");
});
