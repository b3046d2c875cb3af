import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { SubmissionState, WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { errorFromConnect } from "@countersign/service-kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NETWORK, startTestRelay, type TestRelay } from "../support/test-relay.ts";
import { TestWallet } from "../support/test-wallet.ts";
import { freshWallet } from "./support/fresh-wallet.ts";
import { expectRefusal } from "./support/refusal.ts";
import { createAccount, submit } from "./support/submitting.ts";

describe("an idempotency key", () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay();
  });
  afterAll(() => relay.stop());

  /** How many transactions `work` brings to the chain. */
  async function sentBy(work: () => Promise<void>): Promise<number> {
    const before = relay.devnet.chain.log.length;
    await work();
    return relay.devnet.chain.log.length - before;
  }

  it("gives the first submission again, after the nonce is used and for every wait_until", async () => {
    const signedDelegate = await freshWallet(relay).delegate();
    const sent = await sentBy(async () => {
      const first = await submit(relay, { signedDelegate, idempotencyKey: "again" });
      expect(first.state).toBe(SubmissionState.SUCCEEDED);
      for (const waitUntil of [WaitUntil.FINAL, WaitUntil.INCLUDED, WaitUntil.ACCEPTED]) {
        expect(await submit(relay, { signedDelegate, idempotencyKey: "again", waitUntil })).toEqual(first);
      }
    });
    expect(sent).toBe(1);
  });

  it("means the same in the header, in the field and in both", async () => {
    const signedDelegate = await freshWallet(relay).delegate();
    const header = { "idempotency-key": "where" };
    const first = await submit(relay, { signedDelegate }, header);
    const inField = await submit(relay, { signedDelegate, idempotencyKey: "where" });
    const inBoth = await submit(relay, { signedDelegate, idempotencyKey: "where" }, header);
    expect([inField.id, inBoth.id]).toEqual([first.id, first.id]);
  });

  it("is the hash of the body when there is none", async () => {
    const signedDelegate = await freshWallet(relay).delegate();
    const first = await submit(relay, { signedDelegate, waitUntil: WaitUntil.ACCEPTED });
    expect((await submit(relay, { signedDelegate })).id).toBe(first.id);
    const other = await submit(relay);
    expect(other.id).not.toBe(first.id);
  });

  it("of a created account gives the first submission, though the account exists now", async () => {
    const { publicKey } = new TestWallet("key.test");
    const request = { accountId: "twice.relay.test", publicKey, idempotencyKey: "twice" };
    const sent = await sentBy(async () => {
      const first = await createAccount(relay, request);
      expect(await createAccount(relay, request)).toEqual(first);
    });
    expect(sent).toBe(1);
  });

  it("makes one transaction of fifty calls at the same time", async () => {
    const { publicKey } = new TestWallet("key.test");
    const request = { accountId: "fifty.relay.test", publicKey, idempotencyKey: "fifty" };
    const sent = await sentBy(async () => {
      const answers = await Promise.all(Array.from({ length: 50 }, () => createAccount(relay, request)));
      expect(new Set(answers.map(({ state }) => state))).toEqual(new Set([SubmissionState.SUCCEEDED]));
      expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
      expect(new Set(answers.map(({ transaction }) => transaction?.hash)).size).toBe(1);
    });
    expect(sent).toBe(1);
  });

  it("makes one transaction of fifty equal delegates without a key at the same time", async () => {
    const signedDelegate = await freshWallet(relay).delegate();
    const sent = await sentBy(async () => {
      const answers = await Promise.all(Array.from({ length: 50 }, () => submit(relay, { signedDelegate })));
      expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    });
    expect(sent).toBe(1);
  });

  it("lets one of many different accounts win at the same time, and tells the others", async () => {
    const calls = Array.from({ length: 10 }, (_, i) =>
      createAccount(relay, { accountId: `race-${i}.relay.test`, idempotencyKey: "race" }),
    );
    const results = await Promise.allSettled(calls);
    const reasons = results.map((result) =>
      result.status === "fulfilled" ? "accepted" : errorFromConnect(result.reason).reason,
    );
    expect(reasons.filter((reason) => reason === "accepted")).toHaveLength(1);
    expect(reasons.filter((reason) => reason === ErrorReason.IDEMPOTENCY_KEY_REUSED)).toHaveLength(9);
  });

  it("of one method says nothing about another method's", async () => {
    const idempotencyKey = "shared";
    const delegate = await submit(relay, { idempotencyKey });
    const account = await createAccount(relay, { accountId: "shared.relay.test", idempotencyKey });
    expect(account.id).not.toBe(delegate.id);
  });

  it("is free again after a refusal", async () => {
    const wallet = freshWallet(relay);
    const idempotencyKey = "refused-first";
    const expired = await wallet.delegate({ maxBlockHeight: 10n });
    const request = { network: NETWORK, idempotencyKey };
    await expectRefusal(
      (options) => relay.client.submitDelegate({ ...request, signedDelegate: expired }, options),
      ErrorReason.DELEGATE_EXPIRED,
    );
    const signedDelegate = await wallet.delegate();
    expect((await submit(relay, { ...request, signedDelegate })).state).toBe(SubmissionState.SUCCEEDED);
  });

  it("gives the first submission after a restart", async () => {
    const signedDelegate = await freshWallet(relay).delegate();
    const first = await submit(relay, { signedDelegate, idempotencyKey: "restart" });
    await relay.restart();
    expect(await submit(relay, { signedDelegate, idempotencyKey: "restart" })).toEqual(first);
  });
});
