import { join } from "node:path";
import { startDevnet } from "@countersign/devnet";
import { expect, it, onTestFinished } from "vitest";
import { temporaryDirectory } from "../signer/support/temporary-directory.ts";
import { makeBlocks } from "../support/block-maker.ts";
import { createDatabase, postgresUrl } from "../support/postgres.ts";
import type { LedgerEngine } from "../support/relay-world.ts";
import { NEAR, NETWORK, RELAYER } from "../support/test-relay.ts";
import { relayerKey, startTestSigner } from "../support/test-signer.ts";
import { TestWallet } from "../support/test-wallet.ts";
import { type ReplicaOptions, startReplica } from "./support/replica.ts";

const TIMEOUT_MS = 120_000;
const POOL = [{ accountId: RELAYER, keyIds: ["relayer-1"], keyIdPrefix: "pool-" }];

/** A chain that makes blocks when asked, and a signer with the keys relayer-1 and pool-a, both of them on the chain. */
async function startParts(wallets: number, engine: LedgerEngine = "sqlite") {
  const first = await relayerKey("relayer-1", RELAYER);
  const pooled = await relayerKey("pool-a", RELAYER);
  const owners = Array.from({ length: wallets }, (_, i) => new TestWallet(`wallet-${i}.test`));
  const devnet = await startDevnet({
    blockTimeMs: undefined,
    accounts: [
      { id: RELAYER, balance: (1_000n * NEAR).toString(), keys: [first.publicKey, pooled.publicKey] },
      { id: "guest-book.test", balance: NEAR.toString(), contract: "guest-book" },
      ...owners.map(({ accountId: id, publicKey }) => ({
        id,
        balance: NEAR.toString(),
        keys: [publicKey],
      })),
    ],
  });
  onTestFinished(() => devnet.stop());
  const signer = await startTestSigner(NETWORK, [first, pooled]);
  onTestFinished(() => signer.stop());
  const database = engine === "postgres" ? await createDatabase() : undefined;
  onTestFinished(() => database?.drop());
  const ledgerUrl = database?.url ?? `sqlite:${join(temporaryDirectory(), "relay.db")}`;
  const delegates = await Promise.all(owners.map((owner) => owner.delegate({ maxBlockHeight: 109_000n })));
  const replica = (more: Partial<ReplicaOptions> = {}) =>
    startReplica({ ...{ devnet, socketPath: signer.socketPath, ledgerUrl, relayers: POOL }, ...more });
  return { devnet, signer, first, pooled, delegates, replica };
}

it(
  "a key that the signer shows while the relay runs gets a lane, which takes its share",
  async () => {
    const { devnet, pooled, delegates, replica } = await startParts(8);
    let isShown = false;
    const relay = await replica({ isShown: ({ keyId }) => isShown || keyId !== "pool-a" });
    await relay.until(() => relay.stateOf("relayer-1") === "active");
    expect(relay.keyIds()).toEqual(["relayer-1"]);

    isShown = true;
    // By its own clock, without being asked to look.
    await relay.until(() => relay.stateOf("pool-a") === "active");
    expect(relay.pool.relayers()[0]?.publicKeys).toContain(pooled.publicKey);
    expect(relay.pool.count()).toEqual({ lanes: 2, held: 2 });
    await relay.accept(...delegates);
    await relay.until(() => relay.moved("BROADCAST") === 8);
    onTestFinished(makeBlocks(devnet));
    await relay.until(() => relay.moved("SUCCEEDED") === 8);
    const used = devnet.chain.log.map(({ publicKey }) => publicKey);
    expect(used.filter((publicKey) => publicKey === pooled.publicKey)).toHaveLength(4);
    expect(relay.keyChanges).toEqual([]);
  },
  TIMEOUT_MS,
);

it(
  "the lane of a drained key takes nothing more, hands on what can land no more, and ends when the key is retired",
  async () => {
    const { devnet, signer, first, pooled, delegates, replica } = await startParts(12);
    const relay = await replica();
    await relay.until(() => relay.pool.count().held === 2);
    await relay.accept(...delegates.slice(0, 8));
    await relay.until(() => relay.moved("BROADCAST") === 8);
    const [lane] = await relay.ledger.ensureLanes([{ ...pooled, network: NETWORK }]);
    const laneId = lane?.id ?? 0;
    expect(await relay.ledger.openWork(laneId)).toHaveLength(4);

    await signer.admin.drainKey({ keyId: "pool-a" });
    await relay.pool.refresh();
    await relay.until(() => relay.stateOf("pool-a") === "drained");
    await relay.accept(...delegates.slice(8));
    await relay.until(() => relay.moved("BROADCAST") === 12);
    expect(await relay.ledger.openWork(laneId)).toHaveLength(4);

    // What it has signed dies, and it cannot sign anything in its place.
    devnet.chain.bumpNonce(RELAYER, pooled.publicKey, 1_000n);
    onTestFinished(makeBlocks(devnet));
    await relay.until(() => relay.moved("SUCCEEDED") === 12);
    const used = devnet.chain.log.map(({ publicKey }) => publicKey);
    expect(used).toEqual(used.map(() => first.publicKey));
    expect(used).toHaveLength(12);

    expect(relay.keyIds()).toEqual(["relayer-1", "pool-a"]);
    await signer.admin.retireKey({ keyId: "pool-a" });
    await relay.pool.refresh();
    expect(relay.keyIds()).toEqual(["relayer-1"]);
    expect(relay.pool.relayers()).toEqual([{ accountId: RELAYER, publicKeys: [first.publicKey] }]);
    expect(relay.pool.count().lanes).toBe(1);
    expect(await relay.ledger.acquireLane(laneId, "somebody", new Date(), 1_000)).not.toBeNull();
    expect(relay.keyChanges).toEqual(["pool-a false"]);

    // Once it is retired it may stay in the configuration.
    await relay.stop();
    const again = await replica({ relayers: [{ accountId: RELAYER, keyIds: ["pool-a", "relayer-1"] }] });
    await again.until(() => again.stateOf("relayer-1") === "active");
    await again.pool.refresh();
    expect(again.keyIds()).toEqual(["relayer-1"]);
    expect(again.keyChanges).toEqual(["pool-a false"]);
  },
  TIMEOUT_MS,
);

it.skipIf(postgresUrl === undefined)(
  "of two replicas one works on a lane; what a gone key has signed is followed by the other when that one stops",
  async () => {
    const { devnet, signer, pooled, delegates, replica } = await startParts(6, "postgres");
    const working = await replica();
    await working.until(() => working.pool.count().held === 2);
    const idle = await replica();
    await working.accept(...delegates);
    await working.until(() => working.moved("BROADCAST") === 6);
    expect(idle.pool.count().held).toBe(0);

    await signer.admin.drainKey({ keyId: "pool-a" });
    await signer.admin.retireKey({ keyId: "pool-a" });
    await working.pool.refresh();
    await working.until(() => working.stateOf("pool-a") === "drained");
    // One that has never seen the key alive.
    await idle.stop();
    const later = await replica();
    await later.pool.refresh();
    expect(later.keyIds().toSorted()).toEqual(["pool-a", "relayer-1"]);
    await working.stop();
    await later.until(() => later.pool.count().held === 2);
    onTestFinished(makeBlocks(devnet));
    await later.until(() => later.moved("SUCCEEDED") === 6);
    const used = devnet.chain.log.map(({ publicKey }) => publicKey);
    expect(used.filter((publicKey) => publicKey === pooled.publicKey)).toHaveLength(3);
    await later.pool.refresh();
    expect(later.keyIds()).toEqual(["relayer-1"]);
  },
  TIMEOUT_MS,
);
