import { describe, expect, it } from "vitest";
import { chainAnswers, type ShownChain } from "../near/chain-node.ts";
import { node, rpcOver } from "../near/scripted-node.ts";
import { NearTransactions } from "../near/transactions.ts";
import { NearViews } from "../near/views.ts";
import { canNeverLand } from "./never-lands.ts";

/** Sent with nonce 7, naming block 100. */
const SENT = {
  hash: "h",
  relayerId: "relay.near",
  relayerPublicKey: "ed25519:x",
  nonce: 7n,
  blockHashHeight: 100n,
};
const VALIDITY = 50n;

/** A node in sync at final block 120, where the nonce is used and nothing is known of the transaction. */
function shown(more: Partial<ShownChain> = {}): ShownChain {
  const at120 = { syncing: false, earliest: 1, height: 120, key: { nonce: 7, height: 120 }, known: false };
  return { ...at120, ...more };
}

type OnCall = (method: string) => void;

async function isDead(...nodes: (ShownChain | [ShownChain, OnCall])[]): Promise<boolean> {
  const started = await Promise.all(
    nodes.map((one) => (Array.isArray(one) ? node(chainAnswers(...one)) : node(chainAnswers(one)))),
  );
  const rpc = await rpcOver(...started);
  const chain = {
    views: new NearViews(rpc),
    transactions: new NearTransactions(rpc),
    endpointCount: nodes.length,
    validityBlocks: VALIDITY,
  };
  return canNeverLand(SENT, chain, AbortSignal.any([]));
}

describe("a transaction can never land", () => {
  it.each<[string, ShownChain[]]>([
    ["its nonce is used in a final block, and nobody knows it", [shown()]],
    ["the block that it names is too old", [shown({ height: 151, key: { nonce: 1, height: 151 } })]],
    [
      "one node shows that, and another one, in sync as well, has all blocks up to there",
      [shown({ earliest: 110 }), shown({ key: { nonce: 7, height: 119 } })],
    ],
    [
      "one node shows that, and another one is catching up",
      [shown(), shown({ syncing: true, height: 90, key: { nonce: 1, height: 90 } })],
    ],
  ])("when %s", async (_, nodes) => {
    expect(await isDead(...nodes)).toBe(true);
  });
});

describe("nothing is proved", () => {
  it.each<[string, ShownChain[]]>([
    ["a node knows it", [shown(), shown({ known: true })]],
    ["a node that is catching up knows it", [shown(), shown({ syncing: true, known: true })]],
    ["a node in sync shows a nonce that is not used", [shown(), shown({ key: { nonce: 6, height: 120 } })]],
    ["the key is gone", [shown({ key: undefined })]],
    ["the only node is catching up", [shown({ syncing: true })]],
    ["the only node has dropped the blocks since the one that it names", [shown({ earliest: 101 })]],
    [
      "the last block that would take it is not final",
      [shown({ height: 150, key: { nonce: 1, height: 150 } })],
    ],
    [
      "nobody who knows no such hash is as far as where the nonce was read",
      [shown({ earliest: 110 }), shown({ height: 119, key: { nonce: 7, height: 119 } })],
    ],
  ])("while %s", async (_, nodes) => {
    expect(await isDead(...nodes)).toBe(false);
  });

  it("while a balancer gives the nonce from one node and the hash from another one that is behind", async () => {
    const balancer = shown();
    const lag: OnCall = (method) => {
      if (method === "query") Object.assign(balancer, { height: 110 });
    };
    expect(await isDead([balancer, lag])).toBe(false);
  });

  it("while it is known at the second look", async () => {
    const late = shown();
    let asked = 0;
    const learn: OnCall = (method) => {
      if (method === "tx") late.known = ++asked > 1;
    };
    expect(await isDead([late, learn])).toBe(false);
    expect(asked).toBe(2);
  });
});
