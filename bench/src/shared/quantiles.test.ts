import { expect, test } from "vitest";
import { quantile } from "./quantiles.ts";

test("a quantile is one of the values: the nearest rank", () => {
  const oneToHundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(quantile(oneToHundred, 0.5)).toBe(50);
  expect(quantile(oneToHundred, 0.99)).toBe(99);
  expect(quantile([7], 0.99)).toBe(7);
  expect(quantile([3, 1, 2], 1)).toBe(3);
});

test("there is no quantile of nothing", () => {
  expect(quantile([], 0.5)).toBeNaN();
});
