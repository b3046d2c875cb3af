import { randomBytes } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { CreateAccountRequestSchema } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { SubmissionState, WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { KeyPair } from "near-api-js";
import { expect } from "vitest";
import { NEAR, NETWORK, RELAYER, type TestRelay } from "../../support/test-relay.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { expectRefusal } from "../support/refusal.ts";
import { spent } from "../support/spent.ts";
import type { Worlds } from "../support/worlds.ts";

const method = RelayService.method.createAccount;

type Request = MessageInitShape<typeof CreateAccountRequestSchema>;
type WorldName = "standard" | "registrar" | "withoutAccounts";

/** A request that every relay takes which creates accounts under `parent`. */
function goodRequest(parent: string) {
  return {
    network: NETWORK,
    accountId: `a${randomBytes(5).toString("hex")}.${parent}`,
    publicKey: KeyPair.fromRandom("ed25519").getPublicKey().toString(),
  };
}

/** An account that CreateAccount refuses at no cost. */
function refused(
  outcome: ErrorReason,
  what: string,
  said: Request | ((relay: TestRelay) => Promise<Request>),
  world: WorldName = "standard",
  headers: Record<string, string> = {},
): ContractCase {
  return {
    method,
    outcome,
    what,
    run: async (worlds: Worlds) => {
      const relay = await worlds[world]();
      const changes = typeof said === "function" ? await said(relay) : said;
      const request = { ...goodRequest(world === "registrar" ? "registrar.test" : RELAYER), ...changes };
      const before = await spent(relay);
      await expectRefusal(
        (options) => relay.client.createAccount(request, { headers: { ...options.headers, ...headers } }),
        outcome,
      );
      expect(await spent(relay)).toEqual(before);
    },
  };
}

const badArgs = (what: string, registrationArgs: string, world: WorldName = "registrar") =>
  refused(ErrorReason.REGISTRATION_ARGS_INVALID, what, { registrationArgs }, world);

export const createAccountCases: readonly ContractCase[] = [
  {
    method,
    outcome: "success",
    what: "a new name",
    run: async (worlds) => {
      const relay = await worlds.standard();
      const request = { ...goodRequest(RELAYER), waitUntil: WaitUntil.FINAL };
      const { submission } = await relay.client.createAccount(request);
      expect(submission).toMatchObject({
        state: SubmissionState.SUCCEEDED,
        accountId: request.accountId,
        receiverId: request.accountId,
        delegateHash: "",
        cost: { deposit: (NEAR / 10n).toString() },
      });
      const state = relay.devnet.chain.stateAt();
      expect(state.account(request.accountId)?.amount).toBe(NEAR / 10n);
      expect(state.accessKey(request.accountId, request.publicKey)?.permission.kind).toBe("FullAccess");
    },
  },

  refused(
    ErrorReason.IDEMPOTENCY_KEY_MISMATCH,
    "field and header differ",
    { idempotencyKey: "field" },
    "standard",
    { "idempotency-key": "header" },
  ),
  refused(ErrorReason.IDEMPOTENCY_KEY_REUSED, "the key came with another account", async ({ client }) => {
    const first = goodRequest(RELAYER);
    const idempotencyKey = `key-${first.accountId}`;
    await client.createAccount({ ...first, idempotencyKey, waitUntil: WaitUntil.FINAL });
    return { idempotencyKey };
  }),
  refused(
    ErrorReason.IDEMPOTENCY_KEY_REUSED,
    "the key came with the same account and another balance",
    async ({ client }) => {
      const first = goodRequest(RELAYER);
      const idempotencyKey = `key-${first.accountId}`;
      await client.createAccount({ ...first, idempotencyKey, waitUntil: WaitUntil.FINAL });
      return { ...first, idempotencyKey, initialBalance: "1" };
    },
  ),
  refused(ErrorReason.NETWORK_MISMATCH, "another network", { network: "mainnet" }),
  refused(ErrorReason.ACCOUNT_NETWORK_MISMATCH, "a foreign suffix", { accountId: "alice.near" }),
  refused(ErrorReason.ACCOUNT_NAME_INVALID, "a name that NEAR does not allow", { accountId: "A..b" }),
  refused(ErrorReason.ACCOUNT_NAME_INVALID, "a name of one letter", { accountId: "a" }),
  refused(ErrorReason.ACCOUNT_SUFFIX_NOT_ALLOWED, "another suffix", { accountId: "x.other.test" }),
  refused(ErrorReason.ACCOUNT_SUFFIX_NOT_ALLOWED, "a sub-account of a sub-account", {
    accountId: `a.b.${RELAYER}`,
  }),
  refused(ErrorReason.ACCOUNT_SUFFIX_NOT_ALLOWED, "a top-level name", { accountId: "alice" }),
  refused(ErrorReason.ACCOUNT_EXISTS, "a name that is taken", async ({ client }) => {
    const first = goodRequest(RELAYER);
    await client.createAccount({ ...first, waitUntil: WaitUntil.FINAL });
    return { accountId: first.accountId };
  }),
  refused(ErrorReason.INITIAL_BALANCE_OUT_OF_BOUNDS, "more than the relay gives", {
    initialBalance: (NEAR + 1n).toString(),
  }),
  refused(ErrorReason.INITIAL_BALANCE_OUT_OF_BOUNDS, "more than 128 bits", {
    initialBalance: "9".repeat(39),
  }),
  refused(ErrorReason.ACCOUNT_VETOED, "a name that the view method denies", {
    accountId: `denied.${RELAYER}`,
  }),
  refused(
    ErrorReason.ACCOUNT_VETOED,
    "a name that the view method denies, through a registrar",
    { accountId: "denied.registrar.test" },
    "registrar",
  ),
  refused(ErrorReason.PUBLIC_KEY_INVALID, "a key that is none", { publicKey: "ed25519:xyz" }),
  refused(ErrorReason.PUBLIC_KEY_INVALID, "a key of an unknown curve", { publicKey: "bls12381:111" }),
  refused(
    ErrorReason.ACCOUNT_CREATION_DISABLED,
    "a relay without account_creation",
    { accountId: "alice.relay.test" },
    "withoutAccounts",
  ),
  badArgs("a JSON array", "[1]"),
  badArgs("what is not JSON", "{"),
  badArgs("null", "null"),
  badArgs("what the relay sets itself", '{"new_public_key": "ed25519:1"}'),
  badArgs("arguments where no registrar takes them", "{}", "standard"),
];
