import { expect, it } from "vitest";
import { LaneWindow } from "./lane-window.ts";

function landed(window: LaneWindow, times: number): number {
  for (let i = 0; i < times; i++) window.landed();
  return window.size;
}

it("starts with half, and grows by each that lands until it is full", () => {
  const window = new LaneWindow(16);
  expect(window.size).toBe(8);
  expect(landed(window, 7)).toBe(15);
  expect(landed(window, 50)).toBe(16);
});

it("halves with each trouble, down to one", () => {
  const window = new LaneWindow(16);
  landed(window, 8);
  const sizes = Array.from({ length: 6 }, () => {
    window.trouble(false);
    return window.size;
  });
  expect(sizes).toEqual([8, 4, 2, 1, 1, 1]);
});

it("grows after a trouble by one for about each window that lands", () => {
  const window = new LaneWindow(16);
  window.trouble(false);
  expect(window.size).toBe(4);
  expect(landed(window, 3)).toBe(4);
  expect(landed(window, 2)).toBe(5);
  expect(landed(window, 500)).toBe(16);
});

it("keeps a quarter where it may have been a node's fault, and never grows by trouble", () => {
  const window = new LaneWindow(16);
  for (let i = 0; i < 5; i++) window.trouble(true);
  expect(window.size).toBe(4);
  window.restart();
  window.trouble(true);
  expect(window.size).toBe(1);
});

it("is one where one is the most", () => {
  const window = new LaneWindow(1);
  expect(window.size).toBe(1);
  window.trouble(false);
  expect(landed(window, 5)).toBe(1);
});
