import { WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { expect, it, onTestFinished } from "vitest";
import { type Lie, startLyingNode } from "../support/lying-node.ts";
import { finishAll, submitSurely } from "../support/submitting.ts";
import { startTestRelay } from "../support/test-relay.ts";

const TIMEOUT_MS = 60_000;

/** A relay over two nodes of one chain, each of which can be switched off; `sends` counts what each was sent. */
async function start(wallets: number) {
  const off = [false, false];
  const sends = [0, 0];
  const lie =
    (node: number): Lie =>
    async ({ method, honest }) => {
      if (off[node]) return "drop";
      if (method === "send_tx") sends[node] = (sends[node] ?? 0) + 1;
      return honest();
    };
  const relay = await startTestRelay({
    wallets,
    endpoints: async ({ rpcUrls: [url = ""] }) => {
      const nodes = [await startLyingNode(url, lie(0)), await startLyingNode(url, lie(1))];
      onTestFinished(async () => {
        for (const { stop } of nodes) await stop();
      });
      return nodes.map((node) => node.url);
    },
  });
  onTestFinished(() => relay.stop());
  const client = () => relay.client;
  const delegates = await Promise.all(
    relay.wallets.map((wallet) => wallet.delegate({ maxBlockHeight: 109_000n })),
  );
  return { relay, client, delegates, off, sends };
}

it(
  "all transactions of a lane are sent to one endpoint",
  async () => {
    const { relay, client, delegates, sends } = await start(30);
    await finishAll(client, delegates);
    // The node before the chain may hand on two in another order than they came: then one dies, and another is sent.
    expect(sends[0]).toBeGreaterThanOrEqual(30);
    expect(sends[1]).toBe(0);
    expect(relay.devnet.chain.log).toHaveLength(30);
  },
  TIMEOUT_MS,
);

it(
  "a lane goes to the other endpoint when its own dies, stays there, and comes back when that one dies",
  async () => {
    const { relay, client, delegates, off, sends } = await start(30);
    const batch = (i: number) => delegates.slice(i * 10, i * 10 + 10);
    const sendOneByOne = async (bytes: readonly Uint8Array[]) => {
      for (const one of bytes) await submitSurely(client, one, WaitUntil.FINAL);
    };
    off[0] = true;
    await sendOneByOne(batch(0));
    expect(sends[0]).toBe(0);
    off[0] = false;
    sends[1] = 0;
    await sendOneByOne(batch(1));
    expect(sends).toEqual([0, 10]);
    off[1] = true;
    await sendOneByOne(batch(2));
    expect(sends[0]).toBeGreaterThanOrEqual(10);
    expect(relay.devnet.chain.log).toHaveLength(30);
  },
  TIMEOUT_MS,
);
