import { base58 } from "@scure/base";
import { expect } from "vitest";
import { type RelayWorld, relayerBalance } from "./relay-world.ts";

interface Row {
  readonly id: string;
  readonly state: string;
  readonly transaction_hash: string;
  readonly delegate_hash: string;
  readonly tokens_burnt: string;
  readonly deposit: string;
}

/**
 * Every one of `count` delegate submissions SUCCEEDED with exactly one transaction on the chain, which carries
 * its delegate; no nonce of a relayer's key carried two bodies; and the relayer paid what they say they cost.
 */
export async function expectExactlyOnce(world: RelayWorld, count: number): Promise<void> {
  const { chain } = world.devnet;
  await chainAtRest(world);
  const submissions = await world.rows<Row>(
    "select id, state, transaction_hash, delegate_hash, tokens_burnt, deposit from submissions",
  );
  expect(submissions.filter(({ state }) => state !== "SUCCEEDED")).toEqual([]);
  expect(submissions).toHaveLength(count);

  const hashes = chain.log.map(({ hash }) => hash);
  expect(hashes.toSorted()).toEqual(submissions.map((s) => s.transaction_hash).toSorted());
  const landed = hashes.map((hash) => `${hash} ${delegateOf(world, hash)}`);
  expect(landed.toSorted()).toEqual(
    submissions.map((s) => `${s.transaction_hash} ${s.delegate_hash}`).toSorted(),
  );
  expect(new Set(submissions.map((s) => s.delegate_hash)).size).toBe(count);

  const attempts = await world.rows<{ place: string; transaction_hash: string }>(
    `select l.public_key || ' ' || cast(a.nonce as text) as place, a.transaction_hash from attempts as a
     inner join lanes as l on l.id = a.lane_id`,
  );
  const stored = new Map(attempts.map(({ place, transaction_hash }) => [place, transaction_hash]));
  expect(stored.size).toBe(attempts.length);
  for (const { publicKey, nonce, hash } of chain.log) {
    expect(stored.get(`${publicKey} ${nonce}`)).toBe(hash);
  }
  expect(new Set(chain.log.map(({ publicKey, nonce }) => `${publicKey} ${nonce}`)).size).toBe(count);

  const cost = submissions.reduce((sum, s) => sum + BigInt(s.tokens_burnt) + BigInt(s.deposit), 0n);
  expect(world.relayerBalanceAtStart - relayerBalance(world.devnet)).toBe(cost);
}

function delegateOf({ devnet }: RelayWorld, hash: string): string {
  const [action] = devnet.chain.record(hash)?.transaction.actions ?? [];
  return action?.kind === "Delegate" ? base58.encode(action.signedHash) : "no delegate";
}

/** Resolves when no transaction and no receipt, a refund for example, waits for a block. */
export async function chainAtRest({ devnet: { chain } }: RelayWorld): Promise<void> {
  await new Promise<void>((resolve) => {
    if (!chain.hasWork) return resolve();
    const unsubscribe = chain.onBlock(() => {
      if (chain.hasWork) return;
      unsubscribe();
      resolve();
    });
  });
}
