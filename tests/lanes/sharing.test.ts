import { expect, it, onTestFinished } from "vitest";
import { makeBlocks } from "../support/block-maker.ts";
import { expectExactlyOnce } from "../support/exactly-once.ts";
import { ledgerEngines, type RelayWorld } from "../support/relay-world.ts";
import { finishAll, submitSurely } from "../support/submitting.ts";
import { moreKeys, startLanesRelay } from "./support/lanes-relay.ts";

const TIMEOUT_MS = 120_000;

async function byLane({ rows }: RelayWorld): Promise<number[]> {
  const counts = await rows<{ count: number | string }>(
    "select count(*) as count from attempts group by lane_id",
  );
  return counts.map(({ count }) => Number(count));
}

it.each(ledgerEngines)(
  "lanes share what waits, each up to its window, and take the rest as they get room (%s)",
  async (engine) => {
    const relay = await startLanesRelay({
      engine,
      moreKeys: await moreKeys(3),
      wallets: 60,
      devnet: { blockTimeMs: undefined },
      settings: { "lanes.window": "16" },
    });
    const all = await relay.delegates();
    await Promise.all(all.slice(0, 12).map((bytes) => submitSurely(relay.client, bytes)));
    await relay.until(() => relay.moved("BROADCAST").length === 12);
    expect(await byLane(relay.world)).toEqual([3, 3, 3, 3]);

    await Promise.all(all.slice(12).map((bytes) => submitSurely(relay.client, bytes)));
    await relay.until(() => relay.moved("BROADCAST").length === 32 && relay.moved("SIGNED").length === 48);
    // A lane begins with half of its window, and signs half as many more beforehand.
    expect(await byLane(relay.world)).toEqual([12, 12, 12, 12]);

    onTestFinished(makeBlocks(relay.world.devnet));
    await finishAll(relay.client, all);
    await expectExactlyOnce(relay.world, 60);
  },
  TIMEOUT_MS,
);
