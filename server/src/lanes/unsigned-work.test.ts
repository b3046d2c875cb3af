import { expect, test } from "vitest";
import { UnsignedWork } from "./unsigned-work.ts";
import type { Work } from "./work.ts";

function work(nonce: bigint, tenant = "t"): Work {
  return { submissionId: `s-${nonce}`, tenant, nonce } as Work;
}

const nonces = (some: readonly Work[]) => some.map(({ nonce }) => nonce);

test("the lowest nonces are taken first, in whatever order they came", () => {
  const unsigned = new UnsignedWork(() => ({ lane: false, tenants: [] }));
  unsigned.add(work(65n), work(66n));
  unsigned.add(work(2n), work(1n), work(3n));
  expect(nonces(unsigned.take(4))).toEqual([1n, 2n, 3n, 65n]);
  expect(nonces(unsigned.take(4))).toEqual([66n]);
  expect(unsigned.due).toBe(0);
});

test("what is held is passed over, and taken when it is not held any more", () => {
  const held = new Set(["a"]);
  const unsigned = new UnsignedWork(() => ({ lane: false, tenants: [...held] }));
  unsigned.add(work(1n, "a"), work(2n, "b"));
  expect(unsigned.due).toBe(1);
  expect(nonces(unsigned.take(2))).toEqual([2n]);
  held.clear();
  expect(nonces(unsigned.take(2))).toEqual([1n]);
});
