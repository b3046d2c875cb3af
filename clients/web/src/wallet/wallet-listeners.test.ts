import { expect, it, vi } from "vitest";
import type { WalletEvent } from "./wallet-events.ts";
import { WalletListeners } from "./wallet-listeners.ts";

const EVENT: WalletEvent = { type: "relay-up", relay: "https://relay.example" };

it("all listeners are told of every event, until they stop", () => {
  const listeners = new WalletListeners();
  const [one, two] = [vi.fn(), vi.fn()];
  const stop = listeners.on(one);
  listeners.on(two);
  const stopTwice = listeners.on(two);
  listeners.tell(EVENT);
  stop();
  stopTwice();
  listeners.tell(EVENT);
  expect([one, two].map(({ mock }) => mock.calls.length)).toEqual([1, 3]);
  expect(one).toHaveBeenCalledWith(EVENT);
});

it("what a listener throws is an uncaught error of the page's, and the others are told", () => {
  const listeners = new WalletListeners();
  const uncaught = vi.spyOn(globalThis, "queueMicrotask").mockImplementation(() => undefined);
  try {
    const other = vi.fn();
    listeners.on(() => {
      throw new Error("mine");
    });
    listeners.on(other);
    listeners.tell(EVENT);
    expect(other).toHaveBeenCalledOnce();
    expect(uncaught.mock.calls[0]?.[0]).toThrow("mine");
  } finally {
    uncaught.mockRestore();
  }
});
