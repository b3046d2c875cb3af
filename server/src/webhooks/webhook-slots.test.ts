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
