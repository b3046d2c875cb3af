import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import {
  type Submission,
  SubmissionState,
  WaitUntil,
} from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { reasonName } from "@countersign/service-kit";
import { KeystoreKey } from "@countersign/signer-service/backends/keystore/keystore-key.ts";
import { actions } from "near-api-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { openPolicy } from "../support/signer-settings.ts";
import {
  NEAR,
  NETWORK,
  RELAYER,
  startTestRelay,
  type TestRelay,
  type TestRelayOptions,
} from "../support/test-relay.ts";
import { addMessage } from "../support/test-wallet.ts";
import { freshWallet } from "./support/fresh-wallet.ts";
import { expectRefusal } from "./support/refusal.ts";
import { reaches, statesOf, submit } from "./support/submitting.ts";

async function start(options: TestRelayOptions = {}): Promise<TestRelay> {
  const relay = await startTestRelay(options);
  onTestFinished(() => relay.stop());
  return relay;
}

const endOf = ({ state, failure }: Submission) => ({
  state,
  reason: failure === undefined ? undefined : reasonName(failure.reason),
});

function makeBlocks({ devnet }: TestRelay, count: number): void {
  for (let i = 0; i < count; i++) devnet.chain.produceBlock();
}

/** Waits until the relay's head is above the delegate's max_block_height. */
async function seesExpiry({ client }: TestRelay, signedDelegate: Uint8Array): Promise<void> {
  const seen = async () => {
    const { rules } = await client.checkDelegate({ network: NETWORK, signedDelegate });
    return rules.some(({ reason }) => reason === ErrorReason.DELEGATE_EXPIRED);
  };
  await expect.poll(seen, { timeout: 20_000 }).toBe(true);
}

describe("a delegate whose call panics", () => {
  it("ends in FAILED with EXECUTION_FAILED; the deposit counts, because the sender gets it back", async () => {
    const relay = await start();
    const wallet = freshWallet(relay);
    const deposit = NEAR / 10n;
    const balance = (id: string) => relay.devnet.chain.stateAt().account(id)?.amount ?? 0n;
    const before = { relayer: balance(RELAYER), wallet: balance(wallet.accountId) };
    const submission = await submit(relay, {
      signedDelegate: await wallet.delegate({
        actions: [actions.functionCall("add_message", {}, 3n * 10n ** 13n, deposit)],
      }),
    });
    expect(endOf(submission)).toEqual({ state: SubmissionState.FAILED, reason: "EXECUTION_FAILED" });
    expect(submission.failure?.chainError).toContain("missing field `text`");
    expect(submission.cost?.deposit).toBe(deposit.toString());
    expect(submission.transaction?.blockHash).not.toBe("");
    await expect.poll(() => relay.devnet.chain.hasWork).toBe(false);
    expect(balance(wallet.accountId) - before.wallet).toBe(deposit);
    expect(before.relayer - balance(RELAYER)).toBe(deposit + BigInt(submission.cost?.tokensBurnt ?? 0));
  });
});

describe("a delegate that expires on the chain", () => {
  it("ends in FAILED with the chain's DelegateActionExpired; nothing but gas is lost", async () => {
    const relay = await start();
    const [endpoint] = relay.devnet.endpoints;
    const arrive = endpoint?.faults.add({ kind: "drop_before", methods: ["send_tx"] });
    const wallet = freshWallet(relay);
    const signedDelegate = await wallet.delegate({
      maxBlockHeight: relay.devnet.chain.head.height + 20n,
      actions: [addMessage("late", NEAR / 10n)],
    });
    const { id } = await submit(relay, { signedDelegate, waitUntil: WaitUntil.ACCEPTED });
    await reaches(relay, id, SubmissionState.BROADCAST);
    makeBlocks(relay, 30);
    arrive?.();
    const submission = await reaches(relay, id, SubmissionState.FAILED);
    expect(endOf(submission)).toEqual({ state: SubmissionState.FAILED, reason: "EXECUTION_FAILED" });
    expect(JSON.parse(submission.failure?.chainError ?? "")).toMatchObject({
      ActionError: { kind: "DelegateActionExpired" },
    });
    expect(submission.cost?.deposit).toBe("0");
  });
});

describe("a delegate whose time passes in the queue", () => {
  it("ends in REJECTED with SUBMISSION_EXPIRED and is never signed", async () => {
    const relay = await start({ settings: { "lanes.window": "1" } });
    const [endpoint] = relay.devnet.endpoints;
    const arrive = endpoint?.faults.add({ kind: "drop_before", methods: ["send_tx"] });
    const first = await submit(relay, { waitUntil: WaitUntil.ACCEPTED });
    await reaches(relay, first.id, SubmissionState.BROADCAST);
    const signedDelegate = await freshWallet(relay).delegate({
      maxBlockHeight: relay.devnet.chain.head.height + 20n,
    });
    const second = await submit(relay, { signedDelegate, waitUntil: WaitUntil.ACCEPTED });
    makeBlocks(relay, 30);
    await seesExpiry(relay, signedDelegate);
    arrive?.();
    await reaches(relay, first.id, SubmissionState.SUCCEEDED);
    const submission = await reaches(relay, second.id, SubmissionState.REJECTED);
    expect(submission.failure?.reason).toBe(ErrorReason.SUBMISSION_EXPIRED);
    expect(submission.transaction).toBeUndefined();
    expect(submission.cost).toBeUndefined();
    expect(relay.devnet.chain.log).toHaveLength(1);
  });
});

describe("a delegate whose time passes after its transaction has become void", () => {
  it("ends in EXPIRED with SUBMISSION_EXPIRED and no transaction", async () => {
    const relay = await start();
    const [endpoint] = relay.devnet.endpoints;
    endpoint?.faults.add({ kind: "drop_before", methods: ["send_tx"] });
    const signedDelegate = await freshWallet(relay).delegate({
      maxBlockHeight: relay.devnet.chain.head.height + 20n,
    });
    const { id } = await submit(relay, { signedDelegate, waitUntil: WaitUntil.ACCEPTED });
    await reaches(relay, id, SubmissionState.BROADCAST);
    makeBlocks(relay, 30);
    await seesExpiry(relay, signedDelegate);
    // Somebody else uses the relayer's key, so that the signed transaction can never land.
    relay.devnet.chain.bumpNonce(RELAYER, relay.relayerKey.publicKey, 10n);
    makeBlocks(relay, 5);
    const submission = await reaches(relay, id, SubmissionState.EXPIRED);
    expect(endOf(submission)).toEqual({ state: SubmissionState.EXPIRED, reason: "SUBMISSION_EXPIRED" });
    expect(relay.devnet.chain.log).toEqual([]);
  });
});

describe("a transaction that the chain can never take", () => {
  it("ends in EXPIRED with TRANSACTION_REFUSED; the relay goes on and the nonce can be used again", async () => {
    const relay = await start({ settings: { "delegates.max_gas": "2000000000000000" } });
    const wallet = freshWallet(relay);
    const tooMuchGas = [actions.functionCall("add_message", { text: "" }, 1_500_000_000_000_000n, 0n)];
    const refused = await submit(relay, {
      signedDelegate: await wallet.delegate({ nonce: 1n, actions: tooMuchGas }),
    });
    expect(endOf(refused)).toEqual({ state: SubmissionState.EXPIRED, reason: "TRANSACTION_REFUSED" });
    expect(refused.failure?.chainError).toContain("TotalPrepaidGasExceeded");
    expect(refused.cost).toBeUndefined();
    const next = await submit(relay, { signedDelegate: await wallet.delegate({ nonce: 1n }) });
    expect(next.state).toBe(SubmissionState.SUCCEEDED);
    expect(relay.devnet.chain.log).toHaveLength(1);
  });
});

describe("a transaction that the signer refuses", () => {
  it("ends in REJECTED with SIGNER_REFUSED; the same delegate can be sent again under another key", async () => {
    const delegates = { receivers: [{ account: "elsewhere.test", methods: ["*"] }] };
    const elsewhere = { ...openPolicy(NETWORK, RELAYER), delegates };
    const relay = await start({ signerSettings: { policies: { "relayer-1": elsewhere } } });
    const signedDelegate = await freshWallet(relay).delegate();
    const refused = await submit(relay, { signedDelegate, idempotencyKey: "first" });
    expect(endOf(refused)).toEqual({ state: SubmissionState.REJECTED, reason: "SIGNER_REFUSED" });
    expect(refused.failure?.message).toContain("SIGNER_POLICY_DENIED");
    expect(statesOf(refused)).toEqual(["ACCEPTED", "REJECTED"]);
    expect(relay.devnet.chain.log).toEqual([]);

    await relay.signer.reload({ policies: { "relayer-1": openPolicy(NETWORK, RELAYER) } });
    expect((await submit(relay, { signedDelegate, idempotencyKey: "first" })).id).toBe(refused.id);
    const again = await submit(relay, { signedDelegate, idempotencyKey: "second" });
    expect(again.state).toBe(SubmissionState.SUCCEEDED);
    await expectRefusal(
      (options) =>
        relay.client.submitDelegate({ network: NETWORK, signedDelegate, idempotencyKey: "third" }, options),
      ErrorReason.DELEGATE_REPLAYED,
    );
    expect(relay.devnet.chain.log).toHaveLength(1);
  });
});

describe("a transaction that the key's place signs wrongly", () => {
  it("waits, and ends in SUCCEEDED once the place signs well", async () => {
    const asked = Promise.withResolvers<void>();
    let broken = true;
    const relay = await start({
      signerBackend: ({ privateKey }) => {
        const backend = new KeystoreKey(privateKey);
        return {
          describe: () => "breakable",
          publicKey: () => backend.publicKey(),
          async sign(hash) {
            asked.resolve();
            return broken ? new Uint8Array(64) : backend.sign(hash);
          },
        };
      },
    });
    const { id } = await submit(relay, { waitUntil: WaitUntil.ACCEPTED });
    await asked.promise;
    broken = false;
    const submission = await reaches(relay, id, SubmissionState.SUCCEEDED);
    expect(statesOf(submission)).toEqual(["ACCEPTED", "SIGNED", "BROADCAST", "INCLUDED", "SUCCEEDED"]);
    expect(relay.devnet.chain.log).toHaveLength(1);
  });
});
