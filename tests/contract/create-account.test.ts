import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import {
  type Submission,
  SubmissionKind,
  SubmissionState,
  WaitUntil,
} from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { errorFromConnect } from "@countersign/service-kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NEAR, NETWORK, RELAYER, startTestRelay, type TestRelay } from "../support/test-relay.ts";
import { TestWallet } from "../support/test-wallet.ts";
import { createAccount, reaches, statesOf } from "./support/submitting.ts";
import { startRegistrarRelay } from "./support/worlds.ts";

const balanceOf = ({ devnet }: TestRelay, accountId: string) =>
  devnet.chain.stateAt().account(accountId)?.amount;

/** What the relayer has less once nothing is on its way any more. */
async function paidFor(relay: TestRelay, work: () => Promise<Submission>) {
  const before = balanceOf(relay, RELAYER) ?? 0n;
  const submission = await work();
  await expect.poll(() => relay.devnet.chain.hasWork).toBe(false);
  return { submission, paid: before - (balanceOf(relay, RELAYER) ?? 0n) };
}

const costOf = ({ cost }: Submission) => BigInt(cost?.tokensBurnt ?? 0) + BigInt(cost?.deposit ?? 0);

describe("CreateAccount in mode sub_account", () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay();
  });
  afterAll(() => relay.stop());

  it.each([
    ["what the request says", "some", "5", 5n],
    ["nothing, if it says 0", "none", "0", 0n],
    ["the relay's default, if it says nothing", "default", "", NEAR / 10n],
    ["the largest balance", "most", NEAR.toString(), NEAR],
  ])("gives %s", async (_, label, initialBalance, expected) => {
    const accountId = `${label}.${RELAYER}`;
    const { publicKey } = new TestWallet(accountId);
    const { submission, paid } = await paidFor(relay, () =>
      createAccount(relay, { accountId, initialBalance, publicKey }),
    );
    expect(statesOf(submission)).toEqual(["ACCEPTED", "SIGNED", "BROADCAST", "INCLUDED", "SUCCEEDED"]);
    expect(submission).toMatchObject({
      kind: SubmissionKind.CREATE_ACCOUNT,
      accountId,
      cost: { deposit: expected.toString() },
      transaction: { relayerId: RELAYER },
    });
    expect(balanceOf(relay, accountId)).toBe(expected);
    expect(relay.devnet.chain.stateAt().publicKeys(accountId)).toEqual([publicKey]);
    expect(paid).toBe(costOf(submission));
  });

  it("pays once when many ask for the same name under keys of their own", async () => {
    const accountId = `popular.${RELAYER}`;
    const before = relay.devnet.chain.log.length;
    const calls = Array.from({ length: 12 }, (_, i) =>
      relay.client.createAccount({
        network: NETWORK,
        accountId,
        publicKey: new TestWallet(accountId).publicKey,
        idempotencyKey: `caller-${i}`,
        waitUntil: WaitUntil.FINAL,
      }),
    );
    const ends = await Promise.allSettled(calls);
    const created = ends.filter(({ status }) => status === "fulfilled");
    const reasons = ends.flatMap((end) =>
      end.status === "rejected" ? [errorFromConnect(end.reason).reason] : [],
    );
    expect(created).toHaveLength(1);
    expect(new Set(reasons)).toEqual(new Set([ErrorReason.ACCOUNT_EXISTS]));
    expect(relay.devnet.chain.log).toHaveLength(before + 1);
  });

  it("takes a secp256k1 key", async () => {
    const accountId = `secp.${RELAYER}`;
    const { publicKey } = new TestWallet(accountId, "secp256k1");
    expect((await createAccount(relay, { accountId, publicKey })).state).toBe(SubmissionState.SUCCEEDED);
    expect(relay.devnet.chain.stateAt().publicKeys(accountId)).toEqual([publicKey]);
  });

  it("ends in FAILED when somebody else was faster, and gets the deposit back", async () => {
    const accountId = `contested.${RELAYER}`;
    const { submission, paid } = await paidFor(relay, () => taken(relay, accountId));
    expect(submission).toMatchObject({
      state: SubmissionState.FAILED,
      failure: { reason: ErrorReason.EXECUTION_FAILED },
      cost: { deposit: "0" },
    });
    expect(JSON.parse(submission.failure?.chainError ?? "")).toMatchObject({
      ActionError: { kind: { AccountAlreadyExists: { account_id: accountId } } },
    });
    expect(paid).toBe(costOf(submission));
  });
});

/** Creates an account that appears on the chain between the relay's checks and its transaction. */
async function taken(relay: TestRelay, accountId: string): Promise<Submission> {
  const [endpoint] = relay.devnet.endpoints;
  const arrive = endpoint?.faults.add({ kind: "drop_before", methods: ["send_tx"] });
  const { id } = await createAccount(relay, { accountId, waitUntil: WaitUntil.ACCEPTED });
  relay.devnet.chain.addAccount({ id: accountId, balance: "1" });
  arrive?.();
  return reaches(relay, id, SubmissionState.FAILED);
}

describe("CreateAccount through a registrar", () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startRegistrarRelay();
  });
  afterAll(() => relay.stop());

  it("creates the account and hands the further arguments on", async () => {
    const accountId = "alice.registrar.test";
    const { publicKey } = new TestWallet(accountId);
    const { submission, paid } = await paidFor(relay, () =>
      createAccount(relay, { accountId, publicKey, registrationArgs: '{"plan": "free"}' }),
    );
    expect(submission).toMatchObject({
      state: SubmissionState.SUCCEEDED,
      accountId,
      cost: { deposit: (NEAR / 10n).toString() },
    });
    const state = relay.devnet.chain.stateAt();
    expect(state.account(accountId)?.amount).toBe(NEAR / 10n);
    expect(state.publicKeys(accountId)).toEqual([publicKey]);
    expect(state.data("registrar.test", `user/${accountId}`)).toBe('{"plan":"free"}');
    expect(relay.devnet.chain.log.at(-1)?.receiverId).toBe("registrar.test");
    expect(paid).toBe(costOf(submission));
  });

  it("ends in FAILED when the registrar answers false, and gets the deposit back", async () => {
    const accountId = "contested.registrar.test";
    const { submission, paid } = await paidFor(relay, () => taken(relay, accountId));
    expect(submission).toMatchObject({
      state: SubmissionState.FAILED,
      failure: { reason: ErrorReason.EXECUTION_FAILED, message: "the registrar did not create the account" },
      cost: { deposit: "0" },
    });
    expect(paid).toBe(costOf(submission));
    expect(balanceOf(relay, accountId)).toBe(1n);
  });
});
