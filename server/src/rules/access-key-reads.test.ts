import { expect, test } from "vitest";
import type { AccessKeyView } from "../near/views.ts";
import { AccessKeyReads } from "./access-key-reads.ts";

function key(nonce: bigint): AccessKeyView {
  return { nonce, permission: { kind: "FullAccess" }, blockHeight: 1n };
}

test("a key that is being read is not read again, and another one is", async () => {
  const asked: string[] = [];
  const reads = new AccessKeyReads(async (accountId, publicKey) => {
    asked.push(`${accountId} ${publicKey}`);
    return key(BigInt(asked.length));
  });
  const found = await Promise.all([
    reads.get("a", "k"),
    reads.get("a", "k"),
    reads.get("a", "l"),
    reads.get("b", "k"),
  ]);
  expect(asked).toEqual(["a k", "a l", "b k"]);
  expect(found.map(({ nonce }) => nonce)).toEqual([1n, 1n, 2n, 3n]);
});

test("a key is read anew once its answer is there, good or bad", async () => {
  let reads = 0;
  const keys = new AccessKeyReads(async () => {
    if (++reads === 1) throw new Error("away");
    return key(BigInt(reads));
  });
  const failed = await Promise.allSettled([keys.get("a", "k"), keys.get("a", "k")]);
  expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect((await keys.get("a", "k")).nonce).toBe(2n);
  expect((await keys.get("a", "k")).nonce).toBe(3n);
});
