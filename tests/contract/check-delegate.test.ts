import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { Decision, RuleOutcome } from "@countersign/gen/countersign/relay/v1/delegate_check_pb.ts";
import type { CheckDelegateResponse } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { SubmissionState } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { reasonName } from "@countersign/service-kit";
import { actions } from "near-api-js";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { operatorsAudit, prepareLedger } from "../support/prepared-ledger.ts";
import { NEAR, NETWORK, startTestRelay, type TestRelay } from "../support/test-relay.ts";
import { addMessage, TestWallet } from "../support/test-wallet.ts";
import { freshWallet } from "./support/fresh-wallet.ts";
import { expectRefusal } from "./support/refusal.ts";
import { spent } from "./support/spent.ts";
import { submit } from "./support/submitting.ts";

const RULES = [
  "pause",
  "network",
  "size",
  "encoding",
  "account_network",
  "action_count",
  "actions",
  "gas",
  "deposit",
  "signature",
  "pause_action_kind",
  "policy_delegates",
  "policy_action_kind",
  "policy_receiver",
  "policy_method",
  "policy_gas",
  "policy_deposit",
  "policy_condition",
  "funding",
  "expiry",
  "replay",
  "access_key",
  "permission",
  "nonce",
  "budget",
];

/** Rules that need no delegate. */
const ANSWERED_WITHOUT_BYTES = ["pause", "network", "size", "encoding", "policy_delegates", "funding"];

describe("CheckDelegate", () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay();
  });
  afterAll(() => relay.stop());

  const check = (signedDelegate: Uint8Array, network = NETWORK) =>
    relay.client.checkDelegate({ network, signedDelegate });
  const failed = ({ rules }: CheckDelegateResponse) =>
    rules.filter(({ outcome }) => outcome === RuleOutcome.FAILED).map(({ reason }) => reasonName(reason));
  const skipped = ({ rules }: CheckDelegateResponse) =>
    rules.filter(({ outcome }) => outcome === RuleOutcome.SKIPPED).map(({ rule }) => rule);

  it("lists every rule in the order in which SubmitDelegate asks them, and what the bytes say", async () => {
    const wallet = freshWallet(relay);
    const signedDelegate = await wallet.delegate({
      nonce: 5n,
      actions: [addMessage("a", 3n), actions.transfer(4n)],
    });
    const answer = await check(signedDelegate);
    expect(answer.rules.map(({ rule }) => rule)).toEqual(RULES);
    expect(answer.decision).toBe(Decision.ACCEPTABLE);
    const gas = 30_000_000_000_000n;
    expect(answer.delegate).toMatchObject({
      senderId: wallet.accountId,
      receiverId: "guest-book.test",
      publicKey: wallet.publicKey,
      nonce: 5n,
      maxBlockHeight: wallet.maxBlockHeight,
      gas,
      deposit: "7",
      actions: [
        { kind: "FunctionCall", method: "add_message", gas, deposit: "3" },
        { kind: "Transfer", method: "", gas: 0n, deposit: "4" },
      ],
    });
    const submission = await submit(relay, { signedDelegate });
    expect(submission.state).toBe(SubmissionState.SUCCEEDED);
    expect(submission.delegateHash).toBe(answer.delegate?.delegateHash);
  });

  it("names everything that is wrong at once", async () => {
    const stranger = new TestWallet("nobody.test");
    const answer = await check(
      await stranger.delegate({
        actions: [actions.functionCall("m", {}, 10n ** 15n, 2n * NEAR)],
        maxBlockHeight: 10n,
        tamper: (delegate) => {
          delegate.nonce += 1n;
        },
      }),
      "mainnet",
    );
    expect(answer.decision).toBe(Decision.REFUSED);
    expect(failed(answer)).toEqual(
      [
        ErrorReason.NETWORK_MISMATCH,
        ErrorReason.DELEGATE_GAS_TOO_HIGH,
        ErrorReason.DELEGATE_DEPOSIT_TOO_HIGH,
        ErrorReason.DELEGATE_SIGNATURE_INVALID,
        ErrorReason.DELEGATE_EXPIRED,
        ErrorReason.SENDER_NOT_FOUND,
      ].map(reasonName),
    );
    expect(skipped(answer)).toEqual(["permission", "nonce"]);
    for (const { outcome, message } of answer.rules) {
      expect(message === "").toBe(outcome !== RuleOutcome.FAILED);
    }
  });

  it("skips what it cannot ask when the bytes cannot be read, and gives no summary", async () => {
    const answer = await check(new Uint8Array([1, 2, 3]));
    expect(failed(answer)).toEqual([reasonName(ErrorReason.DELEGATE_MALFORMED)]);
    expect(skipped(answer)).toEqual(RULES.filter((rule) => !ANSWERED_WITHOUT_BYTES.includes(rule)));
    expect(answer.delegate).toBeUndefined();
  });

  it("says 2^64-1 for gas that does not fit", async () => {
    const call = actions.functionCall("m", {}, 2n ** 64n - 1n, 0n);
    const answer = await check(await freshWallet(relay).delegate({ actions: [call, call] }));
    expect(answer.delegate?.gas).toBe(2n ** 64n - 1n);
  });

  it("spends nothing and stores nothing, so that the same delegate is acceptable again and again", async () => {
    const wallet = freshWallet(relay);
    const signedDelegate = await wallet.delegate();
    const before = await spent(relay);
    const balance = relay.devnet.chain.totalBurnt;
    const answers = [await check(signedDelegate), await check(signedDelegate), await check(signedDelegate)];
    expect(answers.map(({ decision }) => decision)).toEqual(answers.map(() => Decision.ACCEPTABLE));
    expect(await spent(relay)).toEqual(before);
    expect(relay.devnet.chain.totalBurnt).toBe(balance);
    expect((await submit(relay, { signedDelegate })).state).toBe(SubmissionState.SUCCEEDED);
  });

  it("says PAUSED of a delegate while SubmitDelegate is paused", async () => {
    const ledger = await prepareLedger(undefined, async (opened) => {
      const createdAt = new Date();
      const pause = { id: "pause-1", level: "METHOD", target: "SubmitDelegate", mode: "DRAIN" } as const;
      await opened.putPause(
        { ...pause, reason: "a test", author: "test", createdAt },
        operatorsAudit("", createdAt),
      );
    });
    const paused = await startTestRelay({ ledgerUrl: ledger.url });
    onTestFinished(async () => {
      await paused.stop();
      await ledger.remove();
    });
    const request = { network: NETWORK, signedDelegate: await freshWallet(paused).delegate() };
    const answer = await paused.client.checkDelegate(request);
    expect(answer.decision).toBe(Decision.REFUSED);
    expect(failed(answer)).toEqual(["PAUSED"]);
    await expectRefusal((options) => paused.client.submitDelegate(request, options), ErrorReason.PAUSED);
  });

  it("says DELEGATE_REPLAYED and DELEGATE_NONCE_TOO_LOW of a delegate that was relayed", async () => {
    const signedDelegate = await freshWallet(relay).delegate();
    await submit(relay, { signedDelegate });
    expect(failed(await check(signedDelegate))).toEqual(["DELEGATE_REPLAYED", "DELEGATE_NONCE_TOO_LOW"]);
  });
});
