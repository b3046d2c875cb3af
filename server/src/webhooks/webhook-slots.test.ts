import { expect, test } from "vitest";
import { WebhookSlots } from "./webhook-slots.ts";

function limits(slots: WebhookSlots, ...ids: string[]): Record<string, number> {
  return Object.fromEntries(slots.free(ids).map(({ webhookId, limit }) => [webhookId, limit]));
}

test("a webhook that fails has one attempt at a time, until one succeeds", () => {
  const slots = new WebhookSlots();
  expect(limits(slots, "a", "b")).toEqual({ a: 16, b: 16 });
  slots.take("a");
  slots.giveBack("a", false);
  expect(limits(slots, "a", "b")).toEqual({ a: 1, b: 16 });
  slots.take("a");
  expect(limits(slots, "a", "b")).toEqual({ b: 16 });
  slots.giveBack("a", undefined);
  expect(limits(slots, "a")).toEqual({ a: 1 });
  slots.take("a");
  slots.giveBack("a", true);
  expect(limits(slots, "a")).toEqual({ a: 16 });
});

test("what is left is shared, and nobody is left out for ever", () => {
  const slots = new WebhookSlots();
  for (let i = 0; i < 250; i++) slots.take(`busy-${i % 16}`);
  const ids = Array.from({ length: 9 }, (_, i) => `idle-${i}`);
  const seen = new Set<string>();
  for (let round = 0; round < 9; round++) {
    const free = limits(slots, ...ids);
    expect(Object.values(free).reduce((a, b) => a + b, 0)).toBe(6);
    for (const id of Object.keys(free)) seen.add(id);
  }
  expect(seen.size).toBe(9);
});

test("those that are slow get no more than their share of all, so that there is room for others", () => {
  const slots = new WebhookSlots();
  const takeAll = (...ids: string[]) => {
    const free = limits(slots, ...ids);
    for (const [id, limit] of Object.entries(free)) for (let i = 0; i < limit; i++) slots.take(id);
    return free;
  };
  const slow = Array.from({ length: 16 }, (_, i) => `slow-${i}`);
  expect(Object.values(takeAll(...slow))).toEqual(slow.map(() => 16));
  expect(takeAll(...slow, "other")).toEqual({});
  // What ends makes room for the other one, before they get more.
  slots.giveBack("slow-5", true);
  expect(takeAll(...slow, "other")).toEqual({ other: 1 });
  slots.giveBack("slow-5", true);
  expect(takeAll("slow-5", "other")).toEqual({ other: 1 });

  const many = new WebhookSlots();
  const ids = Array.from({ length: 40 }, (_, i) => `slow-${i}`);
  for (const { webhookId, limit } of many.free(ids)) for (let i = 0; i < limit; i++) many.take(webhookId);
  expect(limits(many, ...ids, "other")).toEqual({ other: 6 });
});

test("there may be more webhooks than attempts", () => {
  const ids = Array.from({ length: 300 }, (_, i) => `wh-${i}`);
  const free = Object.values(limits(new WebhookSlots(), ...ids));
  expect([free.length, new Set(free)]).toEqual([256, new Set([1])]);
});
