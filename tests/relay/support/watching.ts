import { expect } from "vitest";
import type { LaneWorld } from "./lane-world.ts";

/** All succeeded, each with one transaction on the chain, and no nonce was used twice. */
export async function expectLandedOnce({ devnet, ledger }: LaneWorld, ids: readonly string[]): Promise<void> {
  const submissions = await Promise.all(ids.map((id) => ledger.getSubmission("acme", id)));
  expect(submissions.map((s) => s?.state)).toEqual(ids.map(() => "SUCCEEDED"));
  const hashes = submissions.map((s) => s?.transaction?.hash);
  expect(devnet.chain.log.map(({ hash }) => hash).toSorted()).toEqual(hashes.toSorted());
  expect(new Set(devnet.chain.log.map(({ nonce }) => nonce)).size).toBe(ids.length);
}

/** Whether that many submissions have succeeded. */
export const succeeded =
  ({ moves }: LaneWorld, count: number) =>
  () =>
    moves.filter((move) => move.endsWith("SUCCEEDED")).length === count;

/** Counts how often the relay asks for the signer's keys from now on: its own clock, up to five seconds apart. */
export function keysAsked({ signer }: LaneWorld): () => number {
  let asked = 0;
  const told = signer.onCall;
  signer.onCall = (method) => {
    if (method === "ListKeys") asked += 1;
    told(method);
  };
  return () => asked;
}
