import type { MessageInitShape } from "@bufbuild/protobuf";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { SubmitDelegateRequestSchema } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { SubmissionState, WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { actions } from "near-api-js";
import { expect } from "vitest";
import { nestedDelegate } from "../../support/nested-delegate.ts";
import { NEAR, NETWORK, type TestRelay } from "../../support/test-relay.ts";
import { addMessage, type DelegateOverrides, TestWallet } from "../../support/test-wallet.ts";
import { expectSameDecision } from "../support/check.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { type FunctionCallAccess, freshWallet } from "../support/fresh-wallet.ts";
import { expectRefusal } from "../support/refusal.ts";
import { spent } from "../support/spent.ts";

const method = RelayService.method.submitDelegate;
const TGAS = 10n ** 12n;

type Request = MessageInitShape<typeof SubmitDelegateRequestSchema>;

/**
 * A delegate that SubmitDelegate refuses at no cost. CheckDelegate says the same of it and spends nothing
 * either, unless what is wrong stands in the request and not in the delegate.
 */
function refused(
  outcome: ErrorReason,
  what: string,
  arrange: (relay: TestRelay) => Promise<Request>,
  { checked = true, headers = {} } = {},
): ContractCase {
  return {
    method,
    outcome,
    what,
    run: async (worlds) => {
      const relay = await worlds.standard();
      const request = { network: NETWORK, ...(await arrange(relay)) };
      const before = await spent(relay);
      await expectRefusal(
        (options) => relay.client.submitDelegate(request, { headers: { ...options.headers, ...headers } }),
        outcome,
      );
      if (checked) await expectSameDecision(relay, request, outcome);
      expect(await spent(relay)).toEqual(before);
    },
  };
}

const ofFresh = (overrides: DelegateOverrides) => async (relay: TestRelay) => ({
  signedDelegate: await freshWallet(relay).delegate(overrides),
});

const ofRestricted =
  (access: FunctionCallAccess, overrides: DelegateOverrides = {}) =>
  async (relay: TestRelay) => ({ signedDelegate: await freshWallet(relay, access).delegate(overrides) });

/** Where the first action of a delegate to the guest book begins: after two names and a count. */
const firstAction = (wallet: TestWallet) => 4 + wallet.accountId.length + 4 + "guest-book.test".length + 4;

/** A delegate whose first action has tag 9, DeployGlobalContract. */
async function withUnsupportedAction(relay: TestRelay): Promise<Request> {
  const wallet = freshWallet(relay);
  const signedDelegate = await wallet.delegate();
  signedDelegate[firstAction(wallet)] = 9;
  return { signedDelegate };
}

async function accepted(relay: TestRelay, request: Request): Promise<Request> {
  await relay.client.submitDelegate({ network: NETWORK, waitUntil: WaitUntil.FINAL, ...request });
  return request;
}

export const submitDelegateCases: readonly ContractCase[] = [
  {
    method,
    outcome: "success",
    what: "a good delegate",
    run: async (worlds) => {
      const relay = await worlds.standard();
      const wallet = freshWallet(relay);
      const before = relay.devnet.chain.log.length;
      const { submission } = await relay.client.submitDelegate({
        network: NETWORK,
        signedDelegate: await wallet.delegate(),
        waitUntil: WaitUntil.FINAL,
      });
      expect(submission).toMatchObject({
        state: SubmissionState.SUCCEEDED,
        network: NETWORK,
        accountId: wallet.accountId,
        receiverId: "guest-book.test",
      });
      expect(relay.devnet.chain.log.slice(before).map(({ hash }) => hash)).toEqual([
        submission?.transaction?.hash,
      ]);
    },
  },

  refused(
    ErrorReason.IDEMPOTENCY_KEY_MISMATCH,
    "field and header differ",
    async (relay) => ({ signedDelegate: await freshWallet(relay).delegate(), idempotencyKey: "field" }),
    { checked: false, headers: { "idempotency-key": "header" } },
  ),
  refused(
    ErrorReason.IDEMPOTENCY_KEY_REUSED,
    "the key came with another delegate",
    async (relay) => {
      const wallet = freshWallet(relay);
      const idempotencyKey = `order-${wallet.accountId}`;
      await accepted(relay, { signedDelegate: await wallet.delegate(), idempotencyKey });
      return { signedDelegate: await wallet.delegate(), idempotencyKey };
    },
    { checked: false },
  ),
  refused(ErrorReason.NETWORK_MISMATCH, "another network", async (relay) => ({
    network: "testnet",
    signedDelegate: await freshWallet(relay).delegate(),
  })),
  refused(
    ErrorReason.ACCOUNT_NETWORK_MISMATCH,
    "a receiver with a foreign suffix",
    ofFresh({ receiverId: "app.near" }),
  ),
  refused(ErrorReason.ACCOUNT_NETWORK_MISMATCH, "a sender with a foreign suffix", async () => ({
    signedDelegate: await new TestWallet("alice.near").delegate(),
  })),

  refused(ErrorReason.DELEGATE_MALFORMED, "a byte too many", async (relay) => ({
    signedDelegate: new Uint8Array([...(await freshWallet(relay).delegate()), 0]),
  })),
  refused(ErrorReason.DELEGATE_MALFORMED, "a byte too few", async (relay) => ({
    signedDelegate: (await freshWallet(relay).delegate()).subarray(0, -1),
  })),
  refused(ErrorReason.DELEGATE_MALFORMED, "bytes that are no delegate", async () => ({
    signedDelegate: Uint8Array.from([1, 2, 3]),
  })),
  refused(ErrorReason.DELEGATE_ACTION_UNSUPPORTED, "a DeployGlobalContract action", withUnsupportedAction),
  refused(ErrorReason.DELEGATE_NESTED, "a delegate inside a delegate", async (relay) => ({
    signedDelegate: await nestedDelegate(freshWallet(relay), "guest-book.test"),
  })),
  refused(
    ErrorReason.DELEGATE_ACTION_INVALID,
    "a call without gas",
    ofFresh({ actions: [actions.functionCall("add_message", { text: "" }, 0n, 0n)] }),
  ),
  refused(
    ErrorReason.DELEGATE_ACTION_INVALID,
    "a method name of 257 bytes",
    ofFresh({ actions: [actions.functionCall("m".repeat(257), {}, TGAS, 0n)] }),
  ),
  refused(
    ErrorReason.DELEGATE_ACTION_INVALID,
    "a DeleteAccount that is not the last action",
    ofFresh({ actions: [actions.deleteAccount("relay.test"), actions.transfer(0n)] }),
  ),
  refused(ErrorReason.DELEGATE_ACTION_COUNT, "no action", ofFresh({ actions: [] })),
  refused(
    ErrorReason.DELEGATE_ACTION_COUNT,
    "101 actions",
    ofFresh({ actions: Array.from({ length: 101 }, () => actions.transfer(0n)) }),
  ),
  refused(
    ErrorReason.REQUEST_TOO_LARGE,
    "a delegate above the relay's limit",
    ofFresh({ actions: [addMessage("x".repeat(70_000))] }),
  ),
  refused(
    ErrorReason.DELEGATE_GAS_TOO_HIGH,
    "301 Tgas",
    ofFresh({ actions: [actions.functionCall("add_message", { text: "" }, 301n * TGAS, 0n)] }),
  ),
  refused(
    ErrorReason.DELEGATE_GAS_TOO_HIGH,
    "gas that overflows 64 bits in all",
    ofFresh({
      actions: [1, 2].map(() => actions.functionCall("add_message", { text: "" }, 2n ** 64n - 1n, 0n)),
    }),
  ),
  refused(
    ErrorReason.DELEGATE_DEPOSIT_TOO_HIGH,
    "a transfer above the limit",
    ofFresh({ receiverId: "guest-book.test", actions: [actions.transfer(NEAR + 1n)] }),
  ),
  refused(
    ErrorReason.DELEGATE_SIGNATURE_INVALID,
    "a nonce changed after signing",
    ofFresh({
      tamper: (delegate) => {
        delegate.nonce += 1n;
      },
    }),
  ),
  refused(ErrorReason.DELEGATE_SIGNATURE_INVALID, "one flipped bit of the signature", async (relay) => {
    const signedDelegate = await freshWallet(relay).delegate();
    const last = signedDelegate.length - 40;
    signedDelegate[last] = (signedDelegate[last] ?? 0) ^ 1;
    return { signedDelegate };
  }),

  refused(ErrorReason.DELEGATE_EXPIRED, "it expired long ago", ofFresh({ maxBlockHeight: 10n })),
  refused(ErrorReason.DELEGATE_EXPIRES_TOO_LATE, "it never expires", ofFresh({ maxBlockHeight: 2n ** 63n })),
  refused(ErrorReason.DELEGATE_NONCE_TOO_LOW, "the key's own nonce", async (relay) => {
    const wallet = freshWallet(relay);
    const nonce = relay.devnet.chain.bumpNonce(wallet.accountId, wallet.publicKey, 7n);
    return { signedDelegate: await wallet.delegate({ nonce }) };
  }),
  refused(
    ErrorReason.DELEGATE_NONCE_TOO_HIGH,
    "a nonce above the chain's bound",
    ofFresh({ nonce: 10n ** 15n }),
  ),
  refused(
    ErrorReason.DELEGATE_NONCE_TOO_HIGH,
    "a nonce above what a ledger holds",
    ofFresh({ nonce: 2n ** 64n - 1n }),
  ),
  refused(ErrorReason.DELEGATE_REPLAYED, "the same bytes under another key", async (relay) => {
    const signedDelegate = await freshWallet(relay).delegate();
    await accepted(relay, { signedDelegate, idempotencyKey: "" });
    return { signedDelegate, idempotencyKey: "another" };
  }),
  refused(ErrorReason.DELEGATE_REPLAYED, "another delegate with the same nonce", async (relay) => {
    const wallet = freshWallet(relay);
    await accepted(relay, { signedDelegate: await wallet.delegate({ nonce: 3n }) });
    return { signedDelegate: await wallet.delegate({ nonce: 3n, actions: [addMessage("another")] }) };
  }),
  refused(ErrorReason.SENDER_NOT_FOUND, "a sender without an account", async () => ({
    signedDelegate: await new TestWallet("nobody.test").delegate(),
  })),
  refused(ErrorReason.ACCESS_KEY_NOT_FOUND, "a key that the sender has not", async (relay) => ({
    signedDelegate: await new TestWallet(freshWallet(relay).accountId).delegate(),
  })),
  refused(
    ErrorReason.ACCESS_KEY_ACTION_NOT_ALLOWED,
    "a Transfer under a function-call key",
    ofRestricted({ receiverId: "guest-book.test" }, { actions: [actions.transfer(1n)] }),
  ),
  refused(
    ErrorReason.ACCESS_KEY_ACTION_NOT_ALLOWED,
    "two calls under a function-call key",
    ofRestricted({ receiverId: "guest-book.test" }, { actions: [addMessage("a"), addMessage("b")] }),
  ),
  refused(
    ErrorReason.ACCESS_KEY_RECEIVER_NOT_ALLOWED,
    "a key for another contract",
    ofRestricted({ receiverId: "registrar.test" }),
  ),
  refused(
    ErrorReason.ACCESS_KEY_METHOD_NOT_ALLOWED,
    "a key for another method",
    ofRestricted({ receiverId: "guest-book.test", methodNames: ["vote"] }),
  ),
  refused(
    ErrorReason.ACCESS_KEY_DEPOSIT_NOT_ALLOWED,
    "a deposit under a function-call key",
    ofRestricted({ receiverId: "guest-book.test" }, { actions: [addMessage("", 1n)] }),
  ),
  refused(
    ErrorReason.ACCESS_KEY_ALLOWANCE_EXHAUSTED,
    "an allowance of 0",
    ofRestricted({ receiverId: "guest-book.test", allowance: "0" }),
  ),
];
