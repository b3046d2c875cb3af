import { expect, it } from "vitest";
import { expectAllLandedOnce } from "./support/landed.ts";
import { startLiveRelay } from "./support/live-relay.ts";
import { startLiveWorld } from "./support/live-world.ts";
import { startLoad } from "./support/load.ts";

const TIMEOUT_MS = 120_000;

it(
  "the only key is rotated under load: no call fails, nothing is done twice, and the old key is gone",
  async () => {
    const world = await startLiveWorld({ wallets: 6 });
    const relay = await startLiveRelay(world);
    const load = startLoad(relay.client, world.chain.wallets);
    await load.more(12);
    const { newKeyId } = await world.rotate("keeper");
    await relay.saw("ROTATE DONE");
    expect(await world.onChain()).toEqual({ keeper: false, [newKeyId]: true });
    expect(await world.operator.keys()).toMatchObject({
      keeper: { state: "KEY_STATE_RETIRED" },
      [newKeyId]: { state: "KEY_STATE_ACTIVE" },
    });
    const before = world.chain.devnet.chain.log.length;
    await load.more(12);
    const used = world.chain.devnet.chain.log.slice(before).map(({ publicKey }) => publicKey);
    expect(new Set(used)).toEqual(new Set([(await world.operator.keys())[newKeyId]?.public_key]));
    const delegates = await load.stop();
    await expectAllLandedOnce(world, { delegates, keyChanges: 2 });
    expect(relay.happened.filter((what) => what.startsWith("ROTATE "))).toEqual(
      ["ADDING", "ACTIVATING", "DRAINING", "DELETING", "RETIRING", "DONE"].map((step) => `ROTATE ${step}`),
    );

    // The configuration may forget the key, though the relay has never had another one there.
    await relay.stop();
    const relayers = [{ account_id: "relay.test", key_ids: [], pool: { key_id_prefix: "pool-" } }];
    const again = await startLiveRelay(world, newKeyId, { relayers: JSON.stringify(relayers) });
    const more = startLoad(again.client, world.chain.wallets);
    await more.more(6);
    await expectAllLandedOnce(world, { delegates: delegates + (await more.stop()), keyChanges: 2 });
  },
  TIMEOUT_MS,
);
