import { randomBytes } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { CreateAccountRequestSchema } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { actions } from "near-api-js";
import { expect } from "vitest";
import { PROTECTED_KEYS } from "../../support/protected-relay.ts";
import { seenBy } from "../../support/tenants.ts";
import { NETWORK, type TestRelay } from "../../support/test-relay.ts";
import { addMessage, type DelegateOverrides, TestWallet } from "../../support/test-wallet.ts";
import { expectSameDecision } from "../support/check.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { freshWallet } from "../support/fresh-wallet.ts";
import { expectRefusal } from "../support/refusal.ts";
import { spent } from "../support/spent.ts";
import type { Worlds } from "../support/worlds.ts";

const { method } = RelayService;
const TGAS = 10n ** 12n;

type KeyName = keyof typeof PROTECTED_KEYS;
type RelayOf = (worlds: Worlds) => Promise<TestRelay>;

const seenByHolderOf =
  (key: KeyName): RelayOf =>
  async (worlds) =>
    seenBy(await worlds.protected(), PROTECTED_KEYS[key]);

/** A delegate that a tenant is refused at no cost; CheckDelegate says the same. */
function refusedDelegate(
  outcome: ErrorReason,
  what: string,
  relayOf: RelayOf,
  overrides: DelegateOverrides = {},
): ContractCase {
  return {
    method: method.submitDelegate,
    outcome,
    what,
    run: async (worlds) => {
      const relay = await relayOf(worlds);
      const signedDelegate = await freshWallet(relay).delegate(overrides);
      const request = { network: NETWORK, signedDelegate };
      const before = await spent(relay);
      await expectRefusal((options) => relay.client.submitDelegate(request, options), outcome);
      await expectSameDecision(relay, request, outcome);
      expect(await spent(relay)).toEqual(before);
    },
  };
}

/** An account that a tenant is refused at no cost. */
function refusedAccount(
  outcome: ErrorReason,
  what: string,
  relayOf: RelayOf,
  said: MessageInitShape<typeof CreateAccountRequestSchema> = {},
): ContractCase {
  return {
    method: method.createAccount,
    outcome,
    what,
    run: async (worlds) => {
      const relay = await relayOf(worlds);
      const accountId = `p${randomBytes(5).toString("hex")}.relay.test`;
      const { publicKey } = new TestWallet("key.test");
      const request = { network: NETWORK, accountId, publicKey, initialBalance: "1", ...said };
      const before = await spent(relay);
      await expectRefusal((options) => relay.client.createAccount(request, options), outcome);
      expect(await spent(relay)).toEqual(before);
    },
  };
}

const strict = seenByHolderOf("strict");
const broke = seenByHolderOf("broke");
const ungranted = seenByHolderOf("ungranted");
const poor: RelayOf = (worlds) => worlds.poor();

export const policyCases: readonly ContractCase[] = [
  refusedDelegate(ErrorReason.POLICY_NOT_GRANTED, "a tenant without a policy", ungranted),
  refusedDelegate(ErrorReason.POLICY_RECEIVER_NOT_ALLOWED, "another receiver", strict, {
    receiverId: "registrar.test",
  }),
  refusedDelegate(ErrorReason.POLICY_METHOD_NOT_ALLOWED, "another method", strict, {
    actions: [actions.functionCall("remove_message", {}, 10n * TGAS, 0n)],
  }),
  refusedDelegate(ErrorReason.POLICY_ACTION_NOT_ALLOWED, "an AddKey beside an allowed call", strict, {
    actions: [addMessage("hello"), actions.addFullAccessKey(new TestWallet("key.test").pair.getPublicKey())],
  }),
  refusedDelegate(ErrorReason.POLICY_GAS_TOO_HIGH, "41 Tgas in two calls", strict, {
    actions: [20n, 21n].map((gas) => actions.functionCall("add_message", { text: "" }, gas * TGAS, 0n)),
  }),
  refusedDelegate(ErrorReason.POLICY_DEPOSIT_TOO_HIGH, "6 yoctoNEAR in two actions", strict, {
    actions: [addMessage("hello", 3n), actions.transfer(3n)],
  }),
  refusedDelegate(ErrorReason.POLICY_CONDITION_NOT_MET, "three actions", strict, {
    actions: [1n, 1n, 1n].map((deposit) => actions.transfer(deposit)),
  }),
  refusedDelegate(ErrorReason.BUDGET_EXHAUSTED, "a budget of 0", broke),
  refusedDelegate(ErrorReason.RELAYER_BALANCE_LOW, "a relayer that holds less than the threshold", poor),
  refusedDelegate(ErrorReason.PAUSED, "an action of a kind that is paused", seenByHolderOf("open"), {
    actions: [actions.stake(1n, new TestWallet("key.test").pair.getPublicKey())],
  }),

  refusedAccount(ErrorReason.POLICY_NOT_GRANTED, "a tenant without a policy", ungranted),
  refusedAccount(
    ErrorReason.POLICY_ACCOUNT_NOT_ALLOWED,
    "a name that the relay creates and the tenant may not",
    seenByHolderOf("elsewhere"),
  ),
  refusedAccount(ErrorReason.POLICY_BALANCE_TOO_HIGH, "a yoctoNEAR above the tenant's ceiling", strict, {
    initialBalance: "1001",
  }),
  refusedAccount(ErrorReason.POLICY_BALANCE_TOO_HIGH, "the relay's own default, which is above it", strict, {
    initialBalance: "",
  }),
  refusedAccount(ErrorReason.BUDGET_EXHAUSTED, "a budget of 0", broke),
  refusedAccount(ErrorReason.RELAYER_BALANCE_LOW, "a relayer that holds less than the threshold", poor),
];
