import type { DescMethod } from "@bufbuild/protobuf";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { Decision, RuleOutcome } from "@countersign/gen/countersign/relay/v1/delegate_check_pb.ts";
import { Availability, TransactionStatus } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import {
  type Submission,
  SubmissionState,
  WaitUntil,
} from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { expect } from "vitest";
import { NEAR, NETWORK, RELAYER, type TestRelay } from "../../support/test-relay.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { freshWallet } from "../support/fresh-wallet.ts";
import { readAll } from "../support/read-all.ts";
import { type Call, expectRefusal } from "../support/refusal.ts";

const { method } = RelayService;
const NOBODYS_ID = `sub_${"0".repeat(26)}`;
const NOBODYS_HASH = "1".repeat(32);

async function finished(relay: TestRelay): Promise<Submission> {
  const signedDelegate = await freshWallet(relay).delegate();
  const { submission } = await relay.client.submitDelegate({
    network: NETWORK,
    signedDelegate,
    waitUntil: WaitUntil.FINAL,
  });
  return submission ?? expect.fail("no submission");
}

function succeeds(of: DescMethod, what: string, read: (relay: TestRelay) => Promise<void>): ContractCase {
  return {
    method: of,
    outcome: "success",
    what,
    run: async (worlds) => read(await worlds.standard()),
  };
}

function refused(
  of: DescMethod,
  outcome: ErrorReason,
  what: string,
  call: (relay: TestRelay, options: Parameters<Call>[0]) => Promise<unknown>,
): ContractCase {
  return {
    method: of,
    outcome,
    what,
    run: async (worlds) => {
      const relay = await worlds.standard();
      await expectRefusal((options) => call(relay, options), outcome);
    },
  };
}

export const readCases: readonly ContractCase[] = [
  succeeds(method.getSubmission, "an id of the caller's", async (relay) => {
    const { id, state } = await finished(relay);
    expect((await relay.client.getSubmission({ submissionId: id })).submission).toMatchObject({ id, state });
  }),
  refused(
    method.getSubmission,
    ErrorReason.SUBMISSION_NOT_FOUND,
    "an id that nobody has",
    ({ client }, options) => client.getSubmission({ submissionId: NOBODYS_ID }, options),
  ),

  succeeds(method.listSubmissions, "the newest first", async (relay) => {
    const older = await finished(relay);
    const newer = await finished(relay);
    const { submissions } = await relay.client.listSubmissions({ pageSize: 2 });
    expect(submissions.map(({ id }) => id)).toEqual([newer.id, older.id]);
  }),
  ...["abc", Buffer.from("1 sub_1").toString("base64url"), "%%%"].map((pageToken) =>
    refused(
      method.listSubmissions,
      ErrorReason.PAGE_TOKEN_INVALID,
      `the page token "${pageToken}"`,
      ({ client }, options) => client.listSubmissions({ pageToken }, options),
    ),
  ),

  succeeds(method.watchSubmission, "a submission to its end", async (relay) => {
    const { id } = await finished(relay);
    const messages = await readAll(relay.client.watchSubmission({ submissionId: id }));
    expect(messages.at(-1)?.submission?.state).toBe(SubmissionState.SUCCEEDED);
  }),
  refused(
    method.watchSubmission,
    ErrorReason.SUBMISSION_NOT_FOUND,
    "an id that nobody has",
    ({ client }, options) => readAll(client.watchSubmission({ submissionId: NOBODYS_ID }, options)),
  ),
  ...["abc", "0", "01", "-1", "999"].map((cursor) =>
    refused(
      method.watchSubmission,
      ErrorReason.CURSOR_INVALID,
      `the cursor "${cursor}"`,
      async (relay, options) =>
        readAll(relay.client.watchSubmission({ submissionId: (await finished(relay)).id, cursor }, options)),
    ),
  ),

  succeeds(method.checkDelegate, "a good delegate", async (relay) => {
    const { decision, rules } = await relay.client.checkDelegate({
      network: NETWORK,
      signedDelegate: await freshWallet(relay).delegate(),
    });
    expect(decision).toBe(Decision.ACCEPTABLE);
    expect(rules.map(({ outcome }) => outcome)).toEqual(rules.map(() => RuleOutcome.PASSED));
  }),

  succeeds(method.getTransaction, "a submission's transaction", async (relay) => {
    const { id, transaction } = await finished(relay);
    const answer = await relay.client.getTransaction({ network: NETWORK, hash: transaction?.hash ?? "" });
    expect(answer).toMatchObject({
      submissionId: id,
      transaction: { hash: transaction?.hash, signerId: RELAYER, status: TransactionStatus.SUCCEEDED },
    });
  }),
  refused(method.getTransaction, ErrorReason.NETWORK_MISMATCH, "another network", ({ client }, options) =>
    client.getTransaction({ network: "mainnet", hash: NOBODYS_HASH }, options),
  ),
  refused(
    method.getTransaction,
    ErrorReason.TRANSACTION_NOT_FOUND,
    "a hash that was never sent",
    ({ client }, options) => client.getTransaction({ network: NETWORK, hash: NOBODYS_HASH }, options),
  ),
  refused(
    method.getTransaction,
    ErrorReason.TRANSACTION_NOT_FOUND,
    "a signer that no account can be",
    ({ client }, options) =>
      client.getTransaction({ network: NETWORK, hash: NOBODYS_HASH, signerId: "A..b" }, options),
  ),

  succeeds(method.getRelayInfo, "what the relay is and takes", async (relay) => {
    expect(await relay.client.getRelayInfo({})).toMatchObject({
      network: NETWORK,
      relayerAccounts: [{ accountId: RELAYER, publicKeys: [relay.relayerKey.publicKey] }],
      contractVersion: "0.4.0",
      availability: Availability.OPEN,
      limits: {
        maxDelegateBytes: 65_536,
        maxActions: 100,
        maxGas: 300n * 10n ** 12n,
        maxDeposit: NEAR.toString(),
        minBlocksAhead: 10n,
        maxBlocksAhead: 10_000n,
        defaultDeadlineMs: 10_000,
        maxDeadlineMs: 60_000,
      },
      accountCreation: {
        suffixes: [`.${RELAYER}`],
        minInitialBalance: "0",
        maxInitialBalance: NEAR.toString(),
        defaultInitialBalance: (NEAR / 10n).toString(),
      },
    });
  }),
];
