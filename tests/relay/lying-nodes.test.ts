import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RuleOutcome } from "@countersign/gen/countersign/relay/v1/delegate_check_pb.ts";
import { SubmissionState, WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Lie, startLyingNode } from "../support/lying-node.ts";
import { NETWORK, RELAYER, startTestRelay, type TestRelay } from "../support/test-relay.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A relay whose first endpoint lies and whose second, when there is one, is honest. */
async function relayWith(lie: Lie, honest: "with an honest one" | "alone"): Promise<TestRelay> {
  const lying = { url: "" };
  const relay = await startTestRelay({
    endpoints: async ({ rpcUrls: [honestUrl = ""] }) => {
      const node = await startLyingNode(honestUrl, lie);
      cleanups.push(node.stop);
      lying.url = node.url;
      return honest === "alone" ? [node.url] : [node.url, honestUrl];
    },
  });
  cleanups.push(() => relay.stop());
  return relay;
}

async function submit({ client, wallets: [wallet] }: TestRelay) {
  const signedDelegate = (await wallet?.delegate()) ?? new Uint8Array();
  const { submission } = await client.submitDelegate(
    { network: NETWORK, signedDelegate, waitUntil: WaitUntil.FINAL },
    { timeoutMs: 40_000 },
  );
  return submission;
}

const unknownTransaction = {
  error: { name: "HANDLER_ERROR", cause: { name: "UNKNOWN_TRANSACTION", info: {} }, code: -32000 },
};
const refusal = {
  error: {
    name: "HANDLER_ERROR",
    cause: { name: "INVALID_TRANSACTION", info: {} },
    code: -32000,
    data: { TxExecutionError: { InvalidTxError: { ActionsValidation: "TotalPrepaidGasExceeded" } } },
  },
};
const isRelayersKey = ({ params }: { params: Record<string, unknown> }) =>
  params.request_type === "view_access_key" && params.account_id === RELAYER;

describe("a node that lies", () => {
  it("about the relayer's nonce beyond what the chain allows does not end the lane", async () => {
    let lies = 0;
    const relay = await relayWith(async (call) => {
      const answer = await call.honest();
      if (isRelayersKey(call) && lies++ === 0) answer.result.nonce = Number.MAX_SAFE_INTEGER - 1;
      return answer;
    }, "alone");
    expect((await submit(relay))?.state).toBe(SubmissionState.SUCCEEDED);
    expect(lies).toBeGreaterThan(1);
  });

  it("that a transaction is dead does not make the relay pay twice", async () => {
    const relay = await relayWith(async (call) => {
      const answer = await call.honest();
      if (call.method === "send_tx") return "drop";
      if (call.method === "tx") return unknownTransaction;
      if (isRelayersKey(call) && call.params.finality === "final") answer.result.nonce += 1_000;
      return answer;
    }, "with an honest one");
    expect((await submit(relay))?.state).toBe(SubmissionState.SUCCEEDED);
    expect(relay.devnet.chain.log).toHaveLength(1);
  });

  it("that the chain refuses the bytes does not end the submission", async () => {
    const relay = await relayWith(async ({ method, honest }) => {
      if (method === "send_tx") return refusal;
      return method === "tx" ? unknownTransaction : honest();
    }, "with an honest one");
    expect((await submit(relay))?.state).toBe(SubmissionState.SUCCEEDED);
    expect(relay.devnet.chain.log).toHaveLength(1);
  });

  it("by answering about another transaction is not believed", async () => {
    let stored: { result?: unknown } | undefined;
    const relay = await relayWith(async ({ method, params, honest }) => {
      const answer = await honest();
      if (method === "tx" && params.wait_until === "FINAL") stored ??= answer;
      return method === "tx" && stored !== undefined ? stored : answer;
    }, "with an honest one");
    const hashes = [(await submit(relay))?.transaction?.hash, (await submit(relay))?.transaction?.hash];
    expect(relay.devnet.chain.log.map(({ hash }) => hash)).toEqual(hashes);
    const second = await relay.client.getTransaction({ network: NETWORK, hash: hashes[1] ?? "" });
    expect(second.transaction?.nonce).toBe(relay.devnet.chain.log[1]?.nonce);
  });

  it("by showing an old head does not keep the relay from seeing that a delegate expired", async () => {
    const shown = { height: 0 };
    const relay = await relayWith(async ({ method, honest }) => {
      const answer = await honest();
      if (method !== "block") return answer;
      shown.height ||= answer.result.header.height;
      answer.result.header.height = shown.height;
      return answer;
    }, "with an honest one");
    for (let i = 0; i < 40; i++) relay.devnet.chain.produceBlock();
    const [wallet] = relay.wallets;
    const signedDelegate = await wallet?.delegate({ maxBlockHeight: BigInt(shown.height) + 15n });
    const rules = await vi.waitFor(
      async () => {
        const answer = await relay.client.checkDelegate({
          network: NETWORK,
          signedDelegate: signedDelegate ?? new Uint8Array(),
        });
        const failed = answer.rules.filter(({ outcome }) => outcome === RuleOutcome.FAILED);
        if (failed.length === 0) throw new Error("the relay has not looked at the head again yet");
        return failed;
      },
      { timeout: 20_000, interval: 100 },
    );
    expect(rules.map(({ reason }) => reason)).toEqual([ErrorReason.DELEGATE_EXPIRED]);
  });
});
