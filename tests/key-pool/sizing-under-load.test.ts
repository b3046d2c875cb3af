import { expect, it } from "vitest";
import { expectAllLandedOnce } from "./support/landed.ts";
import { startLiveRelay } from "./support/live-relay.ts";
import { startLiveWorld } from "./support/live-world.ts";
import { startLoad } from "./support/load.ts";

const TIMEOUT_MS = 120_000;

it(
  "a pool grows to its most while work waits, and shrinks again when none does",
  async () => {
    const world = await startLiveWorld({
      wallets: 24,
      sizing: { min_keys: 1, max_keys: 3, grow_after_ms: 1_000, shrink_after_ms: 1_000 },
      settings: { "lanes.window": "1" },
      devnet: { blockTimeMs: 300 },
    });
    const relay = await startLiveRelay(world);
    const load = startLoad(relay.client, world.chain.wallets);
    await relay.saw("ADD DONE", 2);
    const grown = Object.keys(await world.operator.keys()).filter((id) => id !== "keeper");
    await Promise.all(grown.map((id) => relay.saw(`${id} active`)));
    const account = 'account="relay.test"';
    await expect
      .poll(() => relay.metrics(), { timeout: TIMEOUT_MS })
      .toContain(`countersign_relayer_keys{${account},state="ACTIVE"} 3`);
    await load.more(24);
    const delegates = await load.stop();

    await relay.saw("DRAIN DONE", 2);
    expect(relay.happened.filter((what) => what === "ADD DONE")).toHaveLength(2);
    expect(await world.onChain()).toEqual({
      keeper: true,
      ...Object.fromEntries(grown.map((id) => [id, false])),
    });
    await expectAllLandedOnce(world, { delegates, keyChanges: 4 });
    await expect
      .poll(() => relay.metrics(), { timeout: TIMEOUT_MS })
      .toEqual(
        expect.arrayContaining([
          `countersign_relayer_keys{${account},state="ACTIVE"} 1`,
          `countersign_relayer_keys{${account},state="RETIRED"} 2`,
          'countersign_key_operations_total{kind="ADD",end="DONE"} 2',
          'countersign_key_operations_total{kind="DRAIN",end="DONE"} 2',
        ]),
      );
    const { operations } = await world.desk().listKeyOperations({ accountId: "relay.test" });
    // Newest first: the youngest key goes first.
    expect(operations.map(({ actor, oldKeyId }) => [actor, oldKeyId])).toEqual([
      ...grown.toSorted().map((id) => ["relay", id]),
      ...grown.map(() => ["relay", ""]),
    ]);
  },
  TIMEOUT_MS,
);
