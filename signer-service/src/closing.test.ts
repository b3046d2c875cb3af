import { expect, it } from "vitest";
import { closeInOrder, closeTogether } from "./closing.ts";

const failing = (message: string) => () => {
  throw new Error(message);
};

it("does every step in order, though one fails, and throws the first failure", async () => {
  const done: string[] = [];
  const step = (name: string) => async () => void done.push(name);
  const rejecting = () => Promise.reject(new Error("two"));
  const steps = [step("calls"), failing("one"), step("keys"), rejecting, step("store")];
  await expect(closeInOrder(steps)).rejects.toThrow("one");
  expect(done).toEqual(["calls", "keys", "store"]);
});

it("waits for steps that run together, though one fails", async () => {
  const slow = Promise.withResolvers<void>();
  const ended: string[] = [];
  const closed = closeTogether([failing("one"), () => slow.promise]).finally(() => ended.push("closed"));
  closed.catch(() => undefined);
  await new Promise(setImmediate);
  expect(ended).toEqual([]);
  slow.resolve();
  await expect(closed).rejects.toThrow("one");
});
