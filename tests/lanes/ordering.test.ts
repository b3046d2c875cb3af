import type { Devnet } from "@countersign/devnet";
import { WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { expect, it } from "vitest";
import { expectExactlyOnce } from "../support/exactly-once.ts";
import { ledgerEngines } from "../support/relay-world.ts";
import { finishAll, submitSurely } from "../support/submitting.ts";
import { NETWORK } from "../support/test-relay.ts";
import { moreKeys, startLanesRelay } from "./support/lanes-relay.ts";

const COUNT = 16;
const TIMEOUT_MS = 240_000;

/** Half of the transactions that are sent are lost on their way. */
function losing({ endpoints }: Devnet): void {
  for (const { faults } of endpoints) {
    faults.add({ kind: "drop_before", methods: ["send_tx"], probability: 0.5 });
  }
}

it.each(ledgerEngines)(
  "delegates of one key land in their order, though four lanes take them and half of what is sent is lost (%s)",
  async (engine) => {
    const relay = await startLanesRelay({ engine, moreKeys: await moreKeys(3) });
    const { devnet, wallets } = relay.world;
    const [wallet] = wallets;
    if (wallet === undefined) throw new Error("no wallet");
    losing(devnet);
    const delegates: Uint8Array[] = [];
    for (let i = 0; i < COUNT; i++) delegates.push(await wallet.delegate({ maxBlockHeight: 109_000n }));
    for (const bytes of delegates) await submitSurely(relay.client, bytes);
    await finishAll(relay.client, delegates);
    // One that another overtakes fails on the chain: the key's nonce there is past it.
    await expectExactlyOnce(relay.world, COUNT);
  },
  TIMEOUT_MS,
);

it(
  "what carries one ordering key lands in the order in which it was accepted; the rest does not wait for it",
  async () => {
    const relay = await startLanesRelay({
      moreKeys: await moreKeys(3),
      wallets: COUNT,
      // Blocks come when the test makes them.
      devnet: { blockTimeMs: undefined },
    });
    const { devnet } = relay.world;
    const [free, ...ordered] = await relay.delegates();
    if (free === undefined) throw new Error("no delegate");
    const ids: string[] = [];
    for (const signedDelegate of ordered) {
      const { submission } = await relay.client().submitDelegate({
        ...{ network: NETWORK, signedDelegate, waitUntil: WaitUntil.ACCEPTED, orderingKey: "orders-of-7" },
      });
      ids.push(submission?.id ?? "");
    }
    const apart = await submitSurely(relay.client, free);
    await relay.until(() => relay.moved("BROADCAST").length === 2);
    expect(relay.moved("SIGNED").toSorted()).toEqual([ids[0], apart.id].toSorted());

    const blocks = setInterval(() => devnet.chain.produceBlock(), 50);
    await relay.until(() => relay.moved("SUCCEEDED").length === COUNT);
    clearInterval(blocks);
    expect(relay.moved("SIGNED").filter((id) => id !== apart.id)).toEqual(ids);
    const rows = await relay.world.rows<{ id: string; hash: string }>(
      "select id, transaction_hash as hash from submissions",
    );
    const heightOf = new Map(devnet.chain.log.map(({ hash, blockHeight }) => [hash, blockHeight]));
    const hashOf = new Map(rows.map(({ id, hash }) => [id, hash]));
    const heights = ids.map((id) => Number(heightOf.get(hashOf.get(id) ?? "")));
    // Each in a later block than the one before.
    expect(heights).toEqual([...new Set(heights)].toSorted((a, b) => a - b));
    expect(heights).toHaveLength(COUNT - 1);
  },
  TIMEOUT_MS,
);
