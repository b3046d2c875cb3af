import { expect, it } from "vitest";
import type { Ledger } from "../ledger/ledger.ts";
import { LaneKeeper, type LaneKeeperOptions } from "./lane-keeper.ts";

it("gives back a lease that it is granted while it is told to stop", async () => {
  const stop = new AbortController();
  const released: unknown[] = [];
  const ledger: Partial<Ledger> = {
    acquireLane: async () => {
      stop.abort();
      return { epoch: 7n, nextNonce: 1n };
    },
    renewLane: async () => true,
    openWork: async () => [],
    releaseLane: async (token) => void released.push(token),
  };
  const now = () => new Date();
  const lane = { id: 3, network: "testnet", accountId: "relay.testnet", publicKey: "ed25519:a", keyId: "a" };
  const events = { laneAcquired: () => undefined, laneLost: () => undefined };
  const worker = {
    ...{ ledger, window: 8, now, random: Math.random, events, key: lane },
    ...{ holds: () => ({ lane: true, tenants: [] }), keyUse: () => "waits", onRoom: () => undefined },
    lowBalances: { stateOf: () => "fine" },
  };
  const options = { lane, owner: "a", leaseMs: 60_000, ledger, now, events, worker };
  await new LaneKeeper(options as unknown as LaneKeeperOptions).run(stop.signal);
  expect(released).toEqual([{ laneId: 3, epoch: 7n }]);
});
