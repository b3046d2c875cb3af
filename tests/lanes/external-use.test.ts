import { expect, it, onTestFinished } from "vitest";
import { makeBlocks } from "../support/block-maker.ts";
import { expectExactlyOnce } from "../support/exactly-once.ts";
import { finishAll } from "../support/submitting.ts";
import { RELAYER } from "../support/test-relay.ts";
import { startLanesRelay } from "./support/lanes-relay.ts";

const COUNT = 120;
const TIMEOUT_MS = 180_000;

it(
  "what somebody else's use of a lane's key kills is replaced, and lands, within ten blocks",
  async () => {
    const relay = await startLanesRelay({ wallets: COUNT, devnet: { blockTimeMs: 1_000 } });
    const { devnet, relayerKey, rows } = relay.world;
    const done = finishAll(relay.client, await relay.delegates());
    await relay.until(() => relay.moved("SUCCEEDED").length >= 20);
    // Right after it was seen that many are under way.
    devnet.chain.bumpNonce(RELAYER, relayerKey.publicKey, 1_000n);
    const used = devnet.chain.head.height;
    await done;
    await expectExactlyOnce(relay.world, COUNT);

    const heights = new Map(devnet.chain.log.map(({ hash, blockHeight }) => [hash, blockHeight]));
    const replaced = await rows<{ hash: string }>(
      `select transaction_hash as hash from submissions where id in
       (select submission_id from attempts group by submission_id having count(*) > 1)`,
    );
    expect(replaced.length).toBeGreaterThan(0);
    expect(relay.troubles.get("invalid-nonce")).toBe(replaced.length);
    const landed = replaced.map(({ hash }) => Number((heights.get(hash) ?? 0n) - used));
    process.stderr.write(`replaced after ${landed.toSorted((a, b) => a - b).join(", ")} blocks\n`);
    expect(Math.max(...landed)).toBeLessThanOrEqual(10);
    // What had not been signed did not wait for the proofs.
    const next = devnet.chain.log.find(({ nonce }) => nonce > 1_000n);
    expect(Number((next?.blockHeight ?? 0n) - used)).toBeLessThanOrEqual(5);
  },
  TIMEOUT_MS,
);

it(
  "that is noticed, and the dead are replaced, though nodes never answer what they are sent",
  async () => {
    const relay = await startLanesRelay({
      wallets: 8,
      devnet: { blockTimeMs: undefined },
      // Longer than the test may take.
      settings: { "near.timeout_ms": "600000" },
    });
    const { devnet, relayerKey } = relay.world;
    for (const { faults } of devnet.endpoints) faults.add({ kind: "hang_after", methods: ["send_tx"] });
    const done = finishAll(relay.client, await relay.delegates());
    await relay.until(() => relay.moved("BROADCAST").length === 8);
    devnet.chain.bumpNonce(RELAYER, relayerKey.publicKey, 1_000n);
    onTestFinished(makeBlocks(devnet));
    await done;
    await expectExactlyOnce(relay.world, 8);
    expect(relay.troubles.get("invalid-nonce")).toBe(8);
  },
  TIMEOUT_MS,
);

it(
  "a lane whose key is used again and again signs nothing for a while, tries one, and comes back",
  async () => {
    const relay = await startLanesRelay({ wallets: 60, devnet: { blockTimeMs: undefined } });
    const { devnet, relayerKey } = relay.world;
    const [first, ...rest] = await relay.delegates();
    if (first === undefined) throw new Error("no delegate");
    const holdChain = makeBlocks(devnet);
    const done = finishAll(relay.client, [first, ...rest]);
    // Whatever is under way dies with each of them. A signer goes along for a million nonces, and no further by itself.
    const uses = setInterval(() => devnet.chain.bumpNonce(RELAYER, relayerKey.publicKey, 100n), 20);
    try {
      await relay.passed("relayer-1", "quarantined");
      // All that it had under way is proven dead.
      const ended = () => (relay.troubles.get("invalid-nonce") ?? 0) + relay.moved("INCLUDED").length;
      await relay.until(() => ended() === relay.moved("SIGNED").length);
    } finally {
      clearInterval(uses);
      holdChain();
    }
    const signed = relay.moved("SIGNED").length;
    // No block takes the one that is tried, so the lane is seen to wait for it.
    await relay.passed("relayer-1", "quarantined", "probing");
    await relay.until(() => relay.moved("SIGNED").length > signed);
    await relay.until(() => relay.moved("BROADCAST").length === relay.moved("SIGNED").length);
    expect(relay.moved("SIGNED")).toHaveLength(signed + 1);
    onTestFinished(makeBlocks(devnet));
    await relay.passed("relayer-1", "quarantined", "probing", "active");
    await done;
    await expectExactlyOnce(relay.world, 60);
  },
  TIMEOUT_MS,
);
