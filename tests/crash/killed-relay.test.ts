import { WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeBlocks } from "../support/block-maker.ts";
import { expectExactlyOnce } from "../support/exactly-once.ts";
import {
  type LedgerEngine,
  ledgerEngines,
  type RelayWorld,
  type RelayWorldOptions,
  startRelayWorld,
} from "../support/relay-world.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { finishAll, submitSurely } from "../support/submitting.ts";
import type { TestWallet } from "../support/test-wallet.ts";
import { RelayProcess } from "./support/relay-process.ts";

const KILLED = "SIGKILL";
const SEED = 20_261_121;

async function world(options: RelayWorldOptions): Promise<RelayWorld> {
  const started = await startRelayWorld(options);
  for (const wallet of started.wallets) wallet.maxBlockHeight = 109_000n;
  onTestFinished(() => started.stop());
  return started;
}

/** A chain that holds its blocks back. */
const held = { devnet: { blockTimeMs: undefined } };

async function oneDelegate({ wallets }: RelayWorld): Promise<Uint8Array> {
  const [wallet] = wallets;
  if (wallet === undefined) throw new Error("no wallet");
  return wallet.delegate();
}

function delegates(wallets: readonly TestWallet[]): Promise<Uint8Array[]> {
  return Promise.all(wallets.map((wallet) => wallet.delegate()));
}

/** Starts a relay on what the dead one left, and lets the chain go on. */
async function recover(here: RelayWorld, bytes: Uint8Array): Promise<void> {
  const relay = await RelayProcess.start({ flags: here.flags });
  onTestFinished(makeBlocks(here.devnet));
  await finishAll(() => relay.client, [bytes]);
  await expectExactlyOnce(here, 1);
}

describe.each(ledgerEngines)("a relay killed with kill -9 (%s)", (engine: LedgerEngine) => {
  it("right after ACCEPTED, before it answered: the work is done once", async () => {
    const here = await world({ engine, ...held });
    const bytes = await oneDelegate(here);
    const relay = await RelayProcess.start({ flags: here.flags, dieAt: "submissionAccepted" });
    void relay.client.submitDelegate(finalOf(bytes)).catch(() => undefined);
    expect(await relay.ended).toBe(KILLED);
    await recover(here, bytes);
  });

  it("between SIGNED and BROADCAST: the stored bytes are sent once", async () => {
    const here = await world({ engine, ...held });
    const bytes = await oneDelegate(here);
    const relay = await RelayProcess.start({ flags: here.flags, dieAt: "submissionTransition:SIGNED" });
    void relay.client.submitDelegate(finalOf(bytes)).catch(() => undefined);
    expect(await relay.ended).toBe(KILLED);
    expect(here.devnet.chain.hasWork).toBe(false);
    const [before] = await here.rows<{ transaction_hash: string }>("select transaction_hash from attempts");
    await recover(here, bytes);
    expect(here.devnet.chain.log[0]?.hash).toBe(before?.transaction_hash);
  });

  it("right after BROADCAST is recorded: the transaction lands once", async () => {
    const here = await world({ engine, ...held });
    const bytes = await oneDelegate(here);
    const relay = await RelayProcess.start({ flags: here.flags, dieAt: "submissionTransition:BROADCAST" });
    void relay.client.submitDelegate(finalOf(bytes)).catch(() => undefined);
    expect(await relay.ended).toBe(KILLED);
    await recover(here, bytes);
  });

  it("after a node took the transaction: it lands once", async () => {
    const here = await world({ engine, ...held });
    const { chain } = here.devnet;
    const bytes = await oneDelegate(here);
    const relay = await RelayProcess.start({ flags: here.flags });
    const taken = new Promise<void>((resolve) => chain.onWork(resolve));
    await submitSurely(() => relay.client, bytes);
    await Promise.all([taken, relay.seen("submissionTransition", "BROADCAST")]);
    expect(await relay.kill()).toBe(KILLED);
    await recover(here, bytes);
  });

  it("while it waits for the end of an included transaction: it is followed to that end", async () => {
    const here = await world({ engine, ...held });
    const { chain } = here.devnet;
    const bytes = await oneDelegate(here);
    const relay = await RelayProcess.start({ flags: here.flags, dieAt: "submissionTransition:INCLUDED" });
    const taken = new Promise<void>((resolve) => chain.onWork(resolve));
    void relay.client.submitDelegate(finalOf(bytes)).catch(() => undefined);
    await taken;
    chain.produceBlock();
    expect(await relay.ended).toBe(KILLED);
    expect(await here.rows("select state from submissions")).toEqual([{ state: "INCLUDED" }]);
    await recover(here, bytes);
  });

  it("20 times at random points while 60 submissions run: each lands once", async () => {
    process.stderr.write(`random kills with seed ${SEED}\n`);
    const random = seededRandom(SEED);
    const here = await world({ engine, wallets: 60, settings: { "lanes.lease_ms": "300" } });
    const all = await delegates(here.wallets);
    for (let life = 0; life < 20; life++) {
      const ms = random() < 0.5 ? 0 : Math.floor(random() * 30);
      const dieAfter = { events: 1 + Math.floor(random() * 20), ms };
      const relay = await RelayProcess.spawn({ flags: here.flags, dieAfter });
      const given = all.slice(life * 3, life * 3 + 3);
      const gone = relay.ended.then(() => "gone" as const);
      if ((await Promise.race([relay.serves().catch(() => "gone"), gone])) !== "gone") {
        // Whatever is answered or not: the wallet repeats it in the end.
        const calls = given.map((bytes) =>
          relay.client.submitDelegate(finalOf(bytes)).catch(() => undefined),
        );
        await Promise.race([Promise.all(calls), gone]);
      }
      expect(await relay.kill()).toBe(KILLED);
    }
    const relay = await RelayProcess.start({ flags: here.flags });
    await finishAll(() => relay.client, all);
    await expectExactlyOnce(here, 60);
  }, 180_000);
});

function finalOf(signedDelegate: Uint8Array) {
  return { network: "countersign-devnet", signedDelegate, waitUntil: WaitUntil.FINAL };
}
