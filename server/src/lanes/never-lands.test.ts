import { attachSignature, encodeTransaction } from "@countersign/near";
import { describe, expect, it } from "vitest";
import { chainAnswers, type ShownChain } from "../near/chain-node.ts";
import { type Answer, hang, node, rpcWith, status } from "../near/scripted-node.ts";
import { NearTransactions } from "../near/transactions.ts";
import { NearViews } from "../near/views.ts";
import { type ChainReads, canNeverLand } from "./never-lands.ts";

const unsigned = encodeTransaction({
  signerId: "relay.near",
  publicKey: { type: "ed25519", data: new Uint8Array(32) },
  nonce: 7n,
  receiverId: "wallet.near",
  blockHash: new Uint8Array(32).fill(1),
  actions: [],
});
/** Sent with nonce 7, naming block 100. */
const SENT = {
  hash: "h",
  signed: attachSignature(unsigned, { type: "ed25519", data: new Uint8Array(64) }),
  relayerId: "relay.near",
  relayerPublicKey: "ed25519:x",
  nonce: 7n,
  blockHashHeight: 100n,
};
const VALIDITY = 50n;

/** A node in sync at final block 120, where the nonce is used and nothing is known of the transaction. */
function shown(more: Partial<ShownChain> = {}): ShownChain {
  const at120 = { height: 120, key: { nonce: 7, height: 120 }, known: false };
  return { syncing: false, earliest: 1, named: 100, ...at120, ...more };
}

/** The same at block 151, too far from block 100, where the nonce is not used. */
function aged(more: Partial<ShownChain> = {}): ShownChain {
  return shown({ height: 151, key: { nonce: 1, height: 151 }, ...more });
}

type OnCall = (method: string) => void;

async function isDead(...nodes: (ShownChain | [ShownChain, OnCall])[]): Promise<boolean> {
  const chain = await chainOf(
    ...nodes.map((one) => (Array.isArray(one) ? chainAnswers(...one) : chainAnswers(one))),
  );
  return canNeverLand(SENT, chain, AbortSignal.any([]));
}

async function chainOf(...answers: Answer[]): Promise<ChainReads> {
  const rpc = rpcWith({ timeoutMs: 1_000 }, ...(await Promise.all(answers.map((answer) => node(answer)))));
  return {
    views: new NearViews(rpc),
    transactions: new NearTransactions(rpc),
    endpointCount: rpc.endpointCount,
    isDown: (endpoint) => rpc.endpoints.at(endpoint).isDown,
    validityBlocks: VALIDITY,
  };
}

describe("a transaction can never land", () => {
  it.each<[string, ShownChain[]]>([
    ["its nonce is used in a final block, and nobody knows it", [shown()]],
    ["the block that it names is too old", [aged()]],
    [
      "its nonce is used at a node that does not know the named block any more",
      [shown({ height: 151, named: undefined })],
    ],
    [
      "one node shows that, and another one, in sync as well, has all blocks up to there",
      [shown({ earliest: 110 }), shown({ key: { nonce: 7, height: 119 } })],
    ],
    [
      "one node shows that, and another one is catching up",
      [shown(), shown({ syncing: true, height: 90, key: { nonce: 1, height: 90 } })],
    ],
    ["two nodes of three show that", [shown(), shown(), shown({ height: 119 })]],
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
      [shown({ earliest: 110 }), shown({ height: 119 })],
    ],
    ["the named block is younger than a node said that gave it", [aged({ named: 101 })]],
    ["a node knows a younger block by that hash", [aged(), aged({ named: 101 })]],
    ["one of two nodes does not know the named block", [aged(), aged({ named: undefined })]],
    ["two nodes of three cannot tell", [shown(), shown({ height: 119 }), shown({ syncing: true })]],
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

describe("one node's word", () => {
  const dead = chainAnswers(shown());

  it.each<[string, Answer[]]>([
    ["the other one gives no answer", [dead, hang]],
    ["the other one fails", [dead, status(500)]],
    ["two others give no answer", [hang, dead, hang]],
  ])("proves nothing while %s", async (_, answers) => {
    expect(await canNeverLand(SENT, await chainOf(...answers), AbortSignal.any([]))).toBe(false);
  });

  it("counts once the other one is known to be down, and no more when that is back", async () => {
    let isBack = false;
    const alive = chainAnswers(shown({ key: { nonce: 6, height: 120 } }));
    const chain = await chainOf(dead, (...call) => (isBack ? alive : status(500))(...call));
    const ask = () => canNeverLand(SENT, chain, AbortSignal.any([]));
    const answers = [await ask(), await ask(), await ask()];
    expect(answers).toEqual([false, false, true]);
    isBack = true;
    expect(await ask()).toBe(false);
  });
});
