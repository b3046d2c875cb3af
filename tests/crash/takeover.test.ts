import { KeystoreKey } from "@countersign/signer-service/backends/keystore/keystore-key.ts";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeBlocks } from "../support/block-maker.ts";
import { expectExactlyOnce } from "../support/exactly-once.ts";
import {
  ledgerEngines,
  type RelayWorld,
  type RelayWorldOptions,
  startRelayWorld,
} from "../support/relay-world.ts";
import { finishAll, submitSurely } from "../support/submitting.ts";
import { RELAYER } from "../support/test-relay.ts";
import { relayerKey, type TestRelayerKey } from "../support/test-signer.ts";
import { RelayProcess } from "./support/relay-process.ts";

const COUNT = 40;
const TIMEOUT_MS = 120_000;

async function world(options: RelayWorldOptions): Promise<RelayWorld> {
  const started = await startRelayWorld({ engine: "postgres", wallets: COUNT, ...options });
  onTestFinished(() => started.stop());
  return started;
}

function delegates({ wallets }: RelayWorld): Promise<Uint8Array[]> {
  return Promise.all(
    wallets.map((wallet) => {
      wallet.maxBlockHeight = 109_000n;
      return wallet.delegate();
    }),
  );
}

/** The first relay holds the lane, the second waits for it. */
async function twoRelays({ flags }: RelayWorld, stopAt?: string): Promise<[RelayProcess, RelayProcess]> {
  const holder = await RelayProcess.start({ flags, ...(stopAt === undefined ? {} : { stopAt }) });
  await holder.seen("laneAcquired");
  return [holder, await RelayProcess.start({ flags })];
}

/** A signer's key that tells of its first signature before it gives it. */
class NotingBackend extends KeystoreKey {
  readonly #onFirst: () => void;
  #asked = false;

  constructor({ privateKey }: TestRelayerKey, onFirst: () => void) {
    super(privateKey);
    this.#onFirst = onFirst;
  }

  override async sign(hash: Uint8Array): Promise<Uint8Array> {
    if (!this.#asked) this.#onFirst();
    this.#asked = true;
    return super.sign(hash);
  }
}

describe.skipIf(!ledgerEngines.includes("postgres"))("two relays with one lane on PostgreSQL", () => {
  it(
    "when the holder is killed, the other finishes everything, each once",
    async () => {
      // So long that a busy machine does not make the holder lose the lane while it lives.
      const here = await world({ settings: { "lanes.lease_ms": "10000" } });
      const [holder, other] = await twoRelays(here);
      const all = await delegates(here);
      await Promise.all(all.slice(0, 20).map((bytes) => submitSurely(() => holder.client, bytes)));
      await holder.seen("submissionTransition", "BROADCAST", 5);
      await Promise.all(all.slice(20).map((bytes) => submitSurely(() => other.client, bytes)));
      expect(other.has("laneAcquired")).toBe(false);
      await holder.kill();
      await finishAll(() => other.client, all);
      expect(other.has("laneAcquired")).toBe(true);
      await expectExactlyOnce(here, COUNT);
    },
    TIMEOUT_MS,
  );

  it(
    "when the holder stops between SIGNED and BROADCAST and comes back later, each lands once",
    async () => {
      const here = await world({ devnet: { blockTimeMs: undefined } });
      const [holder, other] = await twoRelays(here, "submissionTransition:SIGNED");
      const all = await delegates(here);
      await Promise.all(all.map((bytes) => submitSurely(() => other.client, bytes)));
      await holder.seen("submissionTransition", "SIGNED");
      await other.seen("laneAcquired");
      await other.seen("submissionTransition", "BROADCAST", 5);
      holder.signal("SIGCONT");
      await holder.seen("laneLost");
      onTestFinished(makeBlocks(here.devnet));
      await finishAll(() => other.client, all);
      await expectExactlyOnce(here, COUNT);
    },
    TIMEOUT_MS,
  );

  it(
    "when the holder stops while it has something signed, its late write is fenced and never sent",
    async () => {
      let holder: RelayProcess | undefined;
      const here = await world({
        signerBackend: (key) => new NotingBackend(key, () => holder?.signal("SIGSTOP")),
      });
      const [first, other] = await twoRelays(here);
      holder = first;
      const all = await delegates(here);
      await Promise.all(all.map((bytes) => submitSurely(() => other.client, bytes)));
      await finishAll(() => other.client, all);
      expect(first.has("submissionTransition", "SIGNED")).toBe(false);
      first.signal("SIGCONT");
      await first.seen("laneLost");
      expect(first.has("submissionTransition", "SIGNED")).toBe(false);
      await expectExactlyOnce(here, COUNT);
    },
    TIMEOUT_MS,
  );
});

const LEASE_MS = 1_000;
const LOAD = 90;

/** A world in which four lanes keep two relays busy. */
async function busyWorld(): Promise<RelayWorld> {
  const moreKeys = await Promise.all([2, 3, 4].map((i) => relayerKey(`relayer-${i}`, RELAYER)));
  return world({
    moreKeys,
    wallets: LOAD,
    // So that the load lasts.
    devnet: { blockTimeMs: 200 },
    settings: { "lanes.window": "4", "lanes.lease_ms": String(LEASE_MS) },
  });
}

describe.skipIf(!ledgerEngines.includes("postgres"))("two relays under load on PostgreSQL", () => {
  it(
    "when the holder sleeps for three leases and wakes up, its late writes are fenced and each lands once",
    async () => {
      const here = await busyWorld();
      const [holder, other] = await twoRelays(here);
      await holder.seen("laneAcquired", undefined, 4);
      const all = await delegates(here);
      const clients = [holder, other];
      const done = Promise.all(
        all.map((bytes, i) => submitSurely(() => (clients[i % 2] ?? other).client, bytes)),
      );
      await holder.seen("submissionTransition", "SUCCEEDED", 10);
      holder.signal("SIGSTOP");
      // Callers go to the one that answers.
      clients[0] = other;
      await new Promise((resolve) => setTimeout(resolve, 3 * LEASE_MS));
      await other.seen("laneAcquired", undefined, 4);
      await other.seen("submissionTransition", "SUCCEEDED", 5);
      holder.signal("SIGCONT");
      await holder.seen("laneLost", undefined, 4);
      await done;
      await finishAll(() => other.client, all);
      await expectExactlyOnce(here, LOAD);
    },
    TIMEOUT_MS,
  );

  it(
    "when relays are replaced one after the other, nothing is lost and each lands once",
    async () => {
      const here = await busyWorld();
      const [first, second] = await twoRelays(here);
      await first.seen("laneAcquired", undefined, 4);
      let serving = second;
      const all = await delegates(here);
      const done = finishAll(() => serving.client, all);
      await first.seen("submissionTransition", "SUCCEEDED", 10);
      expect(await first.stop()).toBe(0);
      await second.seen("laneAcquired", undefined, 4);
      await second.seen("submissionTransition", "SUCCEEDED", 10);
      const third = await RelayProcess.start({ flags: here.flags });
      serving = third;
      expect(await second.stop()).toBe(0);
      await third.seen("laneAcquired", undefined, 4);
      await done;
      await expectExactlyOnce(here, LOAD);
    },
    TIMEOUT_MS,
  );
});
