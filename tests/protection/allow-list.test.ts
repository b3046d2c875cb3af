import { ConnectError } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { Decision } from "@countersign/gen/countersign/relay/v1/delegate_check_pb.ts";
import {
  type Submission,
  SubmissionState,
  WaitUntil,
} from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { errorFromConnect } from "@countersign/service-kit";
import { actions } from "near-api-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectSameDecision } from "../contract/support/check.ts";
import { freshWallet } from "../contract/support/fresh-wallet.ts";
import { readAll } from "../contract/support/read-all.ts";
import { expectRefusal } from "../contract/support/refusal.ts";
import { nestedDelegate } from "../support/nested-delegate.ts";
import { relayerBalance } from "../support/relay-world.ts";
import { seenBy, testKey } from "../support/tenants.ts";
import { NETWORK, startTestRelay, type TestRelay } from "../support/test-relay.ts";
import { OPEN_POLICY } from "../support/test-tenant.ts";
import { addMessage, type DelegateOverrides, TestWallet } from "../support/test-wallet.ts";

const TGAS = 10n ** 12n;
const GUEST_BOOK = "guest-book.test";

const limitedKey = testKey(40);
const otherKey = testKey(41);
const TENANTS = [
  {
    tenant: "limited",
    policy: {
      delegates: {
        allow: [{ receiver: GUEST_BOOK, methods: ["add_message"] }],
        actionKinds: ["FunctionCall"],
        maxGas: 40n * TGAS,
        maxDeposit: "5",
      },
      accounts: { suffixes: [".relay.test"], maxInitialBalance: "1000" },
    },
    keys: [{ minted: limitedKey }],
  },
  { tenant: "other", policy: OPEN_POLICY, keys: [{ minted: otherKey }] },
];

const someKey = () => new TestWallet("key.test").pair.getPublicKey();
const call = (method: string, gas: bigint, deposit = 0n) =>
  actions.functionCall(method, { text: "hello" }, gas, deposit);
const hello = addMessage("hello");

const {
  POLICY_RECEIVER_NOT_ALLOWED,
  POLICY_ACTION_NOT_ALLOWED,
  POLICY_METHOD_NOT_ALLOWED,
  POLICY_DEPOSIT_TOO_HIGH,
  POLICY_GAS_TOO_HIGH,
} = ErrorReason;

const ATTACKS: readonly [what: string, reason: ErrorReason, delegate: DelegateOverrides][] = [
  ["another receiver", POLICY_RECEIVER_NOT_ALLOWED, { receiverId: "registrar.test" }],
  ["a sub-account of the receiver", POLICY_RECEIVER_NOT_ALLOWED, { receiverId: `a.${GUEST_BOOK}` }],
  ["a name that begins like the receiver", POLICY_RECEIVER_NOT_ALLOWED, { receiverId: `${GUEST_BOOK}s` }],
  ["a name that ends like the receiver", POLICY_RECEIVER_NOT_ALLOWED, { receiverId: `a-${GUEST_BOOK}` }],

  ["a transfer", POLICY_ACTION_NOT_ALLOWED, { actions: [actions.transfer(1n)] }],
  [
    "a transfer after the allowed call",
    POLICY_ACTION_NOT_ALLOWED,
    { actions: [hello, actions.transfer(1n)] },
  ],
  [
    "a transfer before the allowed call",
    POLICY_ACTION_NOT_ALLOWED,
    { actions: [actions.transfer(1n), hello] },
  ],
  [
    "a key beside the allowed call",
    POLICY_ACTION_NOT_ALLOWED,
    { actions: [hello, actions.addFullAccessKey(someKey())] },
  ],
  [
    "code beside the allowed call",
    POLICY_ACTION_NOT_ALLOWED,
    { actions: [actions.deployContract(new Uint8Array([0, 97, 115, 109])), hello] },
  ],
  [
    "a new account beside the allowed call",
    POLICY_ACTION_NOT_ALLOWED,
    { actions: [actions.createAccount(), hello] },
  ],
  [
    "a stake beside the allowed call",
    POLICY_ACTION_NOT_ALLOWED,
    { actions: [hello, actions.stake(1n, someKey())] },
  ],
  [
    "a deletion after the allowed call",
    POLICY_ACTION_NOT_ALLOWED,
    { actions: [hello, actions.deleteAccount("relay.test")] },
  ],

  ["another method", POLICY_METHOD_NOT_ALLOWED, { actions: [call("total_messages", TGAS)] }],
  ["another method after the allowed one", POLICY_METHOD_NOT_ALLOWED, { actions: [hello, call("x", TGAS)] }],
  ["the method in capitals", POLICY_METHOD_NOT_ALLOWED, { actions: [call("ADD_MESSAGE", TGAS)] }],
  ["the method and a blank", POLICY_METHOD_NOT_ALLOWED, { actions: [call("add_message ", TGAS)] }],
  ["a longer method", POLICY_METHOD_NOT_ALLOWED, { actions: [call("add_messages", TGAS)] }],

  ["a deposit above the ceiling", POLICY_DEPOSIT_TOO_HIGH, { actions: [addMessage("hello", 6n)] }],
  [
    "a deposit above the ceiling in two calls",
    POLICY_DEPOSIT_TOO_HIGH,
    { actions: [3n, 3n].map((deposit) => call("add_message", TGAS, deposit)) },
  ],
  ["gas above the ceiling", POLICY_GAS_TOO_HIGH, { actions: [call("add_message", 41n * TGAS)] }],
  [
    "gas above the ceiling in two calls",
    POLICY_GAS_TOO_HIGH,
    { actions: [20n, 21n].map((gas) => call("add_message", gas * TGAS)) },
  ],
  [
    "another receiver, put in after signing",
    ErrorReason.DELEGATE_SIGNATURE_INVALID,
    {
      tamper: (delegate) => {
        delegate.receiverId = "registrar.test";
      },
    },
  ],
  [
    "the allowed receiver, put in after signing",
    ErrorReason.DELEGATE_SIGNATURE_INVALID,
    {
      receiverId: "registrar.test",
      tamper: (delegate) => {
        delegate.receiverId = GUEST_BOOK;
      },
    },
  ],
];

/** All that an error tells its caller. */
function toldBy(error: ConnectError): string {
  const details = error.details.map((detail) => ("value" in detail ? detail.value : new Uint8Array()));
  const texts = details.map((bytes) =>
    bytes instanceof Uint8Array ? Buffer.from(bytes).toString("latin1") : "",
  );
  return [error.message, ...texts, JSON.stringify([...error.metadata])].join("\n");
}

describe("a tenant with an allow-list of one receiver", () => {
  let relay: TestRelay;
  let limited: TestRelay;
  let other: TestRelay;
  let balanceBefore: bigint;
  let accepted: Submission;
  let acceptedBytes: Uint8Array;
  const paidFor: Submission[] = [];

  beforeAll(async () => {
    relay = await startTestRelay({ tenants: TENANTS });
    limited = seenBy(relay, limitedKey);
    other = seenBy(relay, otherKey);
    balanceBefore = relayerBalance(relay.devnet);
  });
  afterAll(() => relay.stop());

  const hashes = () => relay.devnet.chain.log.map(({ hash }) => hash);
  const FINAL = { network: NETWORK, waitUntil: WaitUntil.FINAL, idempotencyKey: "first" };

  it("gets what is on the list paid: a call up to both ceilings, and an account with a small balance", async () => {
    const wallet = freshWallet(relay);
    acceptedBytes = await wallet.delegate({ actions: [call("add_message", 40n * TGAS, 5n)] });
    const { decision } = await limited.client.checkDelegate({
      network: NETWORK,
      signedDelegate: acceptedBytes,
    });
    expect(decision).toBe(Decision.ACCEPTABLE);
    const relayed = await limited.client.submitDelegate({ ...FINAL, signedDelegate: acceptedBytes });
    const created = await limited.client.createAccount({
      ...FINAL,
      accountId: "small.relay.test",
      publicKey: wallet.publicKey,
      initialBalance: "1000",
    });
    for (const { submission } of [relayed, created]) {
      if (submission === undefined) expect.fail("no submission");
      expect(submission.state).toBe(SubmissionState.SUCCEEDED);
      paidFor.push(submission);
    }
    accepted = paidFor[0] ?? expect.fail("no submission");
  });

  it.each(ATTACKS)("does not get %s paid", async (_, reason, overrides) => {
    const before = hashes();
    const request = { network: NETWORK, signedDelegate: await freshWallet(relay).delegate(overrides) };
    await expectRefusal((options) => limited.client.submitDelegate(request, options), reason);
    await expectSameDecision(limited, request, reason);
    expect(hashes()).toEqual(before);
  });

  it("does not get a delegate inside of a delegate paid", async () => {
    const request = {
      network: NETWORK,
      signedDelegate: await nestedDelegate(freshWallet(relay), GUEST_BOOK),
    };
    const { DELEGATE_NESTED } = ErrorReason;
    await expectRefusal((options) => limited.client.submitDelegate(request, options), DELEGATE_NESTED);
    await expectSameDecision(limited, request, DELEGATE_NESTED);
  });

  it.each([
    ["a yoctoNEAR more than the ceiling", { initialBalance: "1001" }, ErrorReason.POLICY_BALANCE_TOO_HIGH],
    [
      "the relay's largest balance",
      { initialBalance: (10n ** 24n).toString() },
      ErrorReason.POLICY_BALANCE_TOO_HIGH,
    ],
    ["the relay's default balance", { initialBalance: "" }, ErrorReason.POLICY_BALANCE_TOO_HIGH],
    [
      "another suffix",
      { accountId: "large.registrar.test", initialBalance: "0" },
      ErrorReason.ACCOUNT_SUFFIX_NOT_ALLOWED,
    ],
  ])("does not get an account with %s created", async (_, said, reason) => {
    const { publicKey } = new TestWallet("key.test");
    const request = { network: NETWORK, accountId: "large.relay.test", publicKey, ...said };
    await expectRefusal((options) => limited.client.createAccount(request, options), reason);
  });

  it.each([
    ["under another idempotency key", "second"],
    ["without one", ""],
  ])("does not get an accepted delegate paid again %s", async (_, idempotencyKey) => {
    const request = { network: NETWORK, signedDelegate: acceptedBytes, idempotencyKey };
    const { DELEGATE_REPLAYED } = ErrorReason;
    await expectRefusal((options) => limited.client.submitDelegate(request, options), DELEGATE_REPLAYED);
    await expectSameDecision(limited, request, DELEGATE_REPLAYED);
  });

  it("gets its first answer again under the same idempotency key, and pays nothing for it", async () => {
    const before = hashes();
    const { submission } = await limited.client.submitDelegate({ ...FINAL, signedDelegate: acceptedBytes });
    expect(submission).toEqual(accepted);
    expect(hashes()).toEqual(before);
  });

  it.each(["first", "another", ""])(
    'does not get it paid through another tenant with idempotency key "%s", which learns nothing of it',
    async (idempotencyKey) => {
      const request = { network: NETWORK, signedDelegate: acceptedBytes, idempotencyKey };
      const { DELEGATE_REPLAYED } = ErrorReason;
      await expectRefusal((options) => other.client.submitDelegate(request, options), DELEGATE_REPLAYED);
      await expectSameDecision(other, request, DELEGATE_REPLAYED);
      const error = await other.client.submitDelegate(request).then(
        () => expect.fail("it was accepted"),
        (thrown) => ConnectError.from(thrown),
      );
      const told = toldBy(error);
      expect(told).toContain("DELEGATE_REPLAYED");
      for (const secret of [
        accepted.id,
        accepted.transaction?.hash ?? "",
        accepted.delegateHash,
        "limited",
      ]) {
        expect(secret).not.toBe("");
        expect(told).not.toContain(secret);
      }
    },
  );

  it("shows its submissions to no other tenant", async () => {
    const { client } = other;
    const submissionId = accepted.id;
    const nobodys = `sub_${"0".repeat(26)}`;
    const failure = (id: string) =>
      client.getSubmission({ submissionId: id }).then(() => expect.fail("it was shown"), errorFromConnect);
    expect((await failure(submissionId)).reason).toBe(ErrorReason.SUBMISSION_NOT_FOUND);
    // Word for word as for an id that nobody has.
    expect(await failure(submissionId)).toEqual(await failure(nobodys));
    await expectRefusal(
      (options) => readAll(client.watchSubmission({ submissionId }, options)),
      ErrorReason.SUBMISSION_NOT_FOUND,
    );
    expect((await client.listSubmissions({})).submissions).toEqual([]);
    const { accountId } = accepted;
    expect((await client.listSubmissions({ filter: { accountId } })).submissions).toEqual([]);
    // The chain is public; that it was this relay's tenant is not.
    const hash = accepted.transaction?.hash ?? "";
    const seen = await client.getTransaction({ network: NETWORK, hash });
    expect(seen).toMatchObject({ submissionId: "", transaction: { hash } });
  });

  it("cost the relayer what was allowed, to the yoctoNEAR", async () => {
    expect(hashes()).toEqual(paidFor.map(({ transaction }) => transaction?.hash));
    await expect.poll(() => relay.devnet.chain.hasWork).toBe(false);
    const cost = paidFor.reduce(
      (sum, { cost }) => sum + BigInt(cost?.tokensBurnt ?? 0) + BigInt(cost?.deposit ?? 0),
      0n,
    );
    expect(balanceBefore - relayerBalance(relay.devnet)).toBe(cost);
    expect((await limited.client.listSubmissions({})).submissions.map(({ id }) => id).sort()).toEqual(
      paidFor.map(({ id }) => id).sort(),
    );
    expect((await other.client.listSubmissions({})).submissions).toEqual([]);
  });
});
