import { expect } from "vitest";
import type { LiveWorld } from "./live-world.ts";

interface Row {
  readonly kind: string;
  readonly state: string;
  readonly hash: string;
  readonly delegate: string | null;
}

/**
 * So many delegates, no two of them the same, and so many changes of keys: each SUCCEEDED, and nothing else that one of the
 * signer's keys has signed stands on the chain.
 */
export async function expectAllLandedOnce(
  { rows, operator, chain }: LiveWorld,
  counts: { readonly delegates: number; readonly keyChanges: number },
): Promise<void> {
  const submissions = await rows<Row>(
    "select kind, state, transaction_hash as hash, delegate_hash as delegate from submissions",
  );
  expect(submissions.filter(({ state }) => state !== "SUCCEEDED")).toEqual([]);
  const delegates = submissions.filter(({ kind }) => kind === "DELEGATE");
  expect(delegates).toHaveLength(counts.delegates);
  expect(new Set(delegates.map(({ delegate }) => delegate)).size).toBe(counts.delegates);
  expect(submissions).toHaveLength(counts.delegates + counts.keyChanges);
  const keys = new Set(Object.values(await operator.keys()).map((key) => key.public_key));
  const landed = chain.devnet.chain.log.filter(({ publicKey }) => keys.has(publicKey));
  expect(landed.map(({ hash }) => hash).toSorted()).toEqual(submissions.map(({ hash }) => hash).toSorted());
}
