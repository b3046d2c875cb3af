import { createApp } from "@countersign/server/app.ts";
import type { LaneState } from "@countersign/server/lanes/lane-state.ts";
import { createLogger } from "@countersign/service-kit";
import { expect, onTestFinished } from "vitest";
import { type RelayWorld, type RelayWorldOptions, startRelayWorld } from "../../support/relay-world.ts";
import type { RelayClient } from "../../support/submitting.ts";
import { RELAYER, relayClient } from "../../support/test-relay.ts";
import { relayerKey, type TestRelayerKey } from "../../support/test-signer.ts";

/** A relay in this process, and what its lanes did. */
export interface LanesRelay {
  readonly world: RelayWorld;
  readonly client: () => RelayClient;
  /** What lanes did and do, by key, in order. */
  readonly states: ReadonlyMap<string, readonly LaneState[]>;
  /** What went wrong, and how often. */
  readonly troubles: ReadonlyMap<string, number>;
  /** Ids of the submissions that came into that state so far, in order. */
  moved(to: string): readonly string[];
  /** Resolves once this holds; it is looked at after every event. */
  until(holds: () => boolean): Promise<void>;
  /** Resolves when the lane of a key has come into these states, one after the other. */
  passed(keyId: string, ...states: LaneState[]): Promise<void>;
  /** The next delegate of each wallet. */
  delegates(): Promise<Uint8Array[]>;
}

/** Keys relayer-2 and so on, as many as it says, beside the first one. */
export function moreKeys(count: number, accountId = RELAYER): Promise<TestRelayerKey[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => relayerKey(`relayer-${i + 2}`, accountId)));
}

/** Starts it and waits until it holds all of its lanes; it ends with the test. */
export async function startLanesRelay(options: RelayWorldOptions): Promise<LanesRelay> {
  const world = await startRelayWorld(options);
  const moves = new Map<string, string[]>();
  const states = new Map<string, LaneState[]>();
  const troubles = new Map<string, number>();
  const waiting = new Set<() => void>();
  const look = () => {
    for (const one of [...waiting]) one();
  };
  const app = await createApp(world.config, {
    log: createLogger("relay", "silent"),
    events: (events) => ({
      ...events,
      submissionTransition(event) {
        events.submissionTransition(event);
        moves.set(event.to, [...(moves.get(event.to) ?? []), event.submissionId]);
        look();
      },
      laneStateChanged(event) {
        events.laneStateChanged(event);
        states.set(event.keyId, [...(states.get(event.keyId) ?? []), event.to as LaneState]);
        look();
      },
      laneTrouble(event) {
        events.laneTrouble(event);
        troubles.set(event.trouble, (troubles.get(event.trouble) ?? 0) + 1);
        look();
      },
    }),
  });
  onTestFinished(async () => {
    await app.stop();
    await world.stop();
  });
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const one = () => {
        if (!holds()) return;
        waiting.delete(one);
        resolve();
      };
      waiting.add(one);
      one();
    });
  const lanes = 1 + (options.moreKeys?.length ?? 0);
  await until(() => states.size === lanes);
  const client = relayClient(app.address);
  return {
    ...{ world, states, troubles, until },
    client: () => client,
    moved: (to) => moves.get(to) ?? [],
    passed: (keyId, ...wanted) =>
      until(() => {
        let next = 0;
        for (const state of states.get(keyId) ?? []) if (state === wanted[next]) next++;
        return next === wanted.length;
      }),
    delegates: () =>
      Promise.all(
        world.wallets.map((wallet) => {
          wallet.maxBlockHeight = 109_000n;
          return wallet.delegate();
        }),
      ),
  };
}

/** `count` submissions, all of which SUCCEEDED, each with one transaction that stands on the chain once. */
export async function expectEachLanded({ rows, devnet }: RelayWorld, count: number): Promise<void> {
  const submissions = await rows<{ state: string; hash: string }>(
    "select state, transaction_hash as hash from submissions",
  );
  expect(submissions).toHaveLength(count);
  expect(submissions.filter(({ state }) => state !== "SUCCEEDED")).toEqual([]);
  const attempts = await rows<{ hash: string }>("select transaction_hash as hash from attempts");
  const signed = new Set(attempts.map(({ hash }) => hash));
  const landed = devnet.chain.log.map(({ hash }) => hash).filter((hash) => signed.has(hash));
  expect(landed.toSorted()).toEqual(submissions.map(({ hash }) => hash).toSorted());
}
