import { expect, it } from "vitest";
import { RelayProcess } from "../crash/support/relay-process.ts";
import { postgresUrl } from "../support/postgres.ts";
import { finishAll } from "../support/submitting.ts";
import { expectAllLandedOnce } from "./support/landed.ts";
import { type LiveWorld, startLiveWorld } from "./support/live-world.ts";

const TIMEOUT_MS = 180_000;

/** Where a relay dies, in the order of a rotation: right after each of these stands in the ledger. */
const DEATHS = [
  "keyOperationStarted",
  "keyOperationMoved:ADDING",
  "submissionAccepted",
  "submissionTransition:SIGNED",
  "keyOperationMoved:DRAINING",
  "keyOperationMoved:DELETING",
  "keyOperationMoved:RETIRING",
];

async function expectRotated(world: LiveWorld, newKeyId: string): Promise<void> {
  expect(await world.onChain()).toEqual({ keeper: false, [newKeyId]: true });
  expect(await world.operator.keys()).toMatchObject({
    keeper: { state: "KEY_STATE_RETIRED" },
    [newKeyId]: { state: "KEY_STATE_ACTIVE" },
  });
}

it(
  "a rotation goes on to its end however often the relay is killed with kill -9 on the way",
  async () => {
    const world = await startLiveWorld({ wallets: 6 });
    const delegates = () => Promise.all(world.chain.wallets.map((wallet) => wallet.delegate()));
    const [firstDeath, ...deaths] = DEATHS;
    let relay = await RelayProcess.start({ flags: world.flags(), dieAt: firstDeath ?? "" });
    await world.rotate("keeper").catch(() => undefined);
    expect(await relay.ended).toBe("SIGKILL");
    for (const dieAt of deaths) {
      relay = await RelayProcess.spawn({ flags: world.flags(), dieAt });
      expect(await relay.ended).toBe("SIGKILL");
    }
    relay = await RelayProcess.start({ flags: world.flags() });
    const done = relay.seen("keyOperationMoved", "DONE");
    await finishAll(() => relay.client, await delegates());
    await done;
    const { operations } = await world.desk().listKeyOperations({ accountId: "relay.test" });
    expect(operations.map(({ problem }) => problem)).toEqual([""]);
    await expectRotated(world, operations[0]?.newKeyId ?? "");
    await finishAll(() => relay.client, await delegates());
    await expectAllLandedOnce(world, { delegates: 12, keyChanges: 2 });
    await relay.stop();

    // An addition that is cancelled once its key is on the account, and undone.
    relay = await RelayProcess.start({ flags: world.flags(), dieAt: "keyOperationMoved:ACTIVATING" });
    const { id, newKeyId: left } = await world.add();
    expect(await relay.ended).toBe("SIGKILL");
    await world.operator.admin("admin-grant", "revoke", "pool");
    relay = await RelayProcess.start({ flags: world.flags() });
    await relay.seen("keyOperationFailed");
    const { operation } = await world.desk().getKeyOperation({ id });
    expect(operation?.problem).toMatch(/^SIGNER_POLICY_DENIED: no admin grant/);
    await world.desk().cancelKeyOperation({ id, reason: "a test" });
    expect((await world.operator.keys())[left]).toMatchObject({ state: "KEY_STATE_PENDING" });
    await world.installGrant("pool-again");
    await world.drain(left);
    await relay.seen("keyOperationMoved", "DONE");
    expect((await world.operator.keys())[left]).toMatchObject({ state: "KEY_STATE_RETIRED" });
    expect((await world.onChain())[left]).toBe(false);
    await expectAllLandedOnce(world, { delegates: 12, keyChanges: 4 });
  },
  TIMEOUT_MS,
);

it.skipIf(postgresUrl === undefined)(
  "of two replicas the one that is stopped in the middle of a rotation is not missed, and does no harm when it goes on",
  async () => {
    const world = await startLiveWorld({ wallets: 6, engine: "postgres" });
    const delegates = () => Promise.all(world.chain.wallets.map((wallet) => wallet.delegate()));
    // Whichever of them takes the step stops.
    const stopAt = "keyOperationMoved:DRAINING";
    const replicas = await Promise.all(
      ["a", "b"].map(async (name) => ({
        name,
        process: await RelayProcess.start({ flags: world.flags(name), stopAt }),
      })),
    );
    const first = replicas[0]?.process.client;
    if (first === undefined) throw new Error("no replica");
    await finishAll(() => first, await delegates());
    const { newKeyId } = await world.rotate("keeper", "b");
    const stopped = await Promise.race(
      replicas.map((replica) => replica.process.seen("keyOperationMoved", "DRAINING").then(() => replica)),
    );
    const other = replicas.find((replica) => replica !== stopped)?.process ?? expect.fail("no other");
    const done = other.seen("keyOperationMoved", "DONE");
    await finishAll(() => other.client, await delegates());
    await done;
    stopped.process.signal("SIGCONT");
    await expectRotated(world, newKeyId);
    await finishAll(() => stopped.process.client, await delegates());
    expect(await stopped.process.stop()).toBe(0);
    await expectAllLandedOnce(world, { delegates: 18, keyChanges: 2 });
  },
  TIMEOUT_MS,
);
