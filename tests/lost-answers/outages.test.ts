import { setTimeout as delay } from "node:timers/promises";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { SubmissionState } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeBlocks } from "../support/block-maker.ts";
import { expectExactlyOnce } from "../support/exactly-once.ts";
import { ledgerEngines } from "../support/relay-world.ts";
import { finishAll, type RelayClient, submitSurely } from "../support/submitting.ts";
import { NETWORK, RELAYER } from "../support/test-relay.ts";
import { startOneRelay } from "./one-relay.ts";

const TIMEOUT_MS = 180_000;

describe("each submission lands exactly once", () => {
  it(
    "when somebody else uses the relayer's key in the middle",
    async () => {
      const relay = await startOneRelay({ wallets: 100 });
      const { devnet, relayerKey } = relay.world;
      const done = finishAll(relay.client, await relay.delegates());
      for (const succeeded of [10, 30, 50]) {
        await relay.reached("SUCCEEDED", succeeded);
        devnet.chain.bumpNonce(RELAYER, relayerKey.publicKey, 1_000n);
      }
      await done;
      await expectExactlyOnce(relay.world, 100);
    },
    TIMEOUT_MS,
  );

  it(
    "when its transaction's block hash expired before it could land: with a new nonce",
    async () => {
      const relay = await startOneRelay({
        wallets: 20,
        devnet: { blockTimeMs: undefined, transactionValidityBlocks: 20n },
        // Of their window, lanes keep a quarter whatever nodes lose.
        settings: { "near.transaction_validity_blocks": "20", "lanes.window": "32" },
      });
      const { devnet } = relay.world;
      const lost = devnet.endpoints.map(({ faults }) =>
        faults.add({ kind: "drop_before", methods: ["send_tx"] }),
      );
      const done = finishAll(relay.client, await relay.delegates());
      await relay.reached("BROADCAST", 8);
      for (let i = 0; i < 30; i++) devnet.chain.produceBlock();
      await relay.reached("SIGNED", 9);
      for (const heal of lost) heal();
      onTestFinished(makeBlocks(devnet));
      await done;
      await expectExactlyOnce(relay.world, 20);
      const attempts = await relay.world.rows("select nonce from attempts");
      expect(attempts.length).toBeGreaterThan(20);
    },
    TIMEOUT_MS,
  );

  it(
    "when the signer goes away and comes back",
    async () => {
      const relay = await startOneRelay({ wallets: 60 });
      const { signerGate } = relay.world;
      const all = await relay.delegates();
      const before = finishAll(relay.client, all.slice(0, 30));
      await relay.reached("SUCCEEDED", 5);
      await signerGate.close();
      await Promise.all(all.slice(30).map((bytes) => submitSurely(relay.client, bytes)));
      await relay.signerMissed;
      await signerGate.open();
      await before;
      await finishAll(relay.client, all);
      await expectExactlyOnce(relay.world, 60);
    },
    TIMEOUT_MS,
  );

  it.skipIf(!ledgerEngines.includes("postgres"))(
    "when PostgreSQL's connections are cut in the middle, again and again",
    async () => {
      const relay = await startOneRelay({ engine: "postgres", wallets: 100 });
      const done = finishAll(relay.client, await relay.delegates());
      for (const succeeded of [1, 20, 40, 60, 80]) {
        await relay.reached("SUCCEEDED", succeeded);
        await relay.world.database?.cutConnections();
      }
      await done;
      await expectExactlyOnce(relay.world, 100);
    },
    TIMEOUT_MS,
  );
});

describe.each(ledgerEngines)("a delegate that expires in the queue (%s)", (engine) => {
  it("ends REJECTED, was never signed, and its mark is released", async () => {
    const relay = await startOneRelay({ engine, devnet: { blockTimeMs: undefined } });
    const { devnet, signerGate, wallets } = relay.world;
    const [wallet] = wallets;
    if (wallet === undefined) throw new Error("no wallet");
    await signerGate.close();
    const bytes = await wallet.delegate({ maxBlockHeight: 100_020n });
    const accepted = await submitSurely(relay.client, bytes);
    const marks = "select submission_id from replay_marks";
    expect(await relay.world.rows(marks)).toEqual([{ submission_id: accepted.id }]);
    await relay.signerMissed;
    for (let i = 0; i < 30; i++) devnet.chain.produceBlock();
    // The relay's head may be a second old.
    await knownExpired(relay.client(), bytes);
    await signerGate.open();
    onTestFinished(makeBlocks(devnet));
    const [ended] = await finishAll(relay.client, [bytes]);
    expect(ended?.state).toBe(SubmissionState.REJECTED);
    expect(ended?.failure?.reason).toBe(ErrorReason.SUBMISSION_EXPIRED);
    expect(await relay.world.rows(marks)).toEqual([]);
    expect(devnet.chain.log).toEqual([]);
  });
});

/** Resolves when the relay knows that the delegate has expired. */
async function knownExpired(client: RelayClient, signedDelegate: Uint8Array): Promise<void> {
  for (;;) {
    const { rules } = await client.checkDelegate({ network: NETWORK, signedDelegate });
    if (rules.some(({ reason }) => reason === ErrorReason.DELEGATE_EXPIRED)) return;
    await delay(50);
  }
}
