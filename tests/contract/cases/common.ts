import type { DescMethod } from "@bufbuild/protobuf";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import type { SubmissionState, WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { expect, onTestFinished } from "vitest";
import { NETWORK, startTestRelay, type TestRelay } from "../../support/test-relay.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { freshWallet } from "../support/fresh-wallet.ts";
import { readAll } from "../support/read-all.ts";
import { type Call, expectRefusal } from "../support/refusal.ts";
import { spent } from "../support/spent.ts";

const { method } = RelayService;
type Options = Parameters<Call>[0];

/** Reasons that any method may give without declaring them. */
export const COMMON_REASONS: readonly ErrorReason[] = [
  ErrorReason.FIELD_INVALID,
  ErrorReason.REQUEST_TOO_LARGE,
  ErrorReason.DEADLINE_EXCEEDED,
  ErrorReason.SHUTTING_DOWN,
  ErrorReason.INTERNAL,
  ErrorReason.OVERLOADED,
  ErrorReason.METHOD_UNKNOWN,
  ErrorReason.RATE_LIMITED,
];

/** Reasons that the relay's methods may give besides, save the ones that are open to everybody. */
export const ACCESS_REASONS: readonly ErrorReason[] = [
  ErrorReason.CREDENTIALS_MISSING,
  ErrorReason.CREDENTIALS_INVALID,
  ErrorReason.CREDENTIALS_EXPIRED,
  ErrorReason.CREDENTIALS_REVOKED,
  ErrorReason.SCOPE_MISSING,
  ErrorReason.TENANT_DISABLED,
  ErrorReason.TENANT_MISMATCH,
  ErrorReason.ORIGIN_NOT_ALLOWED,
  ErrorReason.END_USER_NOT_ALLOWED,
  ErrorReason.PAUSED,
];

function refused(
  of: DescMethod,
  outcome: ErrorReason,
  what: string,
  call: (client: TestRelay["client"], options: Options) => Promise<unknown>,
): ContractCase {
  return {
    method: of,
    outcome,
    what,
    run: async (worlds) => {
      const relay = await worlds.standard();
      const before = await spent(relay);
      await expectRefusal((options) => call(relay.client, options), outcome);
      expect(await spent(relay)).toEqual(before);
    },
  };
}

const invalid = (
  of: DescMethod,
  what: string,
  call: (client: TestRelay["client"], options: Options) => Promise<unknown>,
) => refused(of, ErrorReason.FIELD_INVALID, what, call);

const network = NETWORK;
const account = { network, accountId: "a.relay.test", publicKey: "ed25519:1" };

export const commonCases: readonly ContractCase[] = [
  invalid(method.submitDelegate, "no delegate", (client, options) =>
    client.submitDelegate({ network }, options),
  ),
  invalid(method.submitDelegate, "a wait_until that is none", (client, options) =>
    client.submitDelegate({ network, signedDelegate: new Uint8Array(1), waitUntil: 9 as WaitUntil }, options),
  ),
  invalid(method.submitDelegate, "an idempotency key with a blank", (client, options) =>
    client.submitDelegate({ network, signedDelegate: new Uint8Array(1), idempotencyKey: "a b" }, options),
  ),
  invalid(method.submitDelegate, "a header that no field could hold", (client, { headers }) =>
    client.submitDelegate(
      { network, signedDelegate: new Uint8Array(1) },
      { headers: { ...headers, "idempotency-key": "a b" } },
    ),
  ),
  invalid(method.createAccount, "a negative balance", (client, options) =>
    client.createAccount({ ...account, initialBalance: "-1" }, options),
  ),
  invalid(method.createAccount, "a balance with a leading zero", (client, options) =>
    client.createAccount({ ...account, initialBalance: "01" }, options),
  ),
  invalid(method.getSubmission, "no id", (client, options) => client.getSubmission({}, options)),
  invalid(method.listSubmissions, "a page of 5000", (client, options) =>
    client.listSubmissions({ pageSize: 5000 }, options),
  ),
  invalid(method.listSubmissions, "a state that is none", (client, options) =>
    client.listSubmissions({ filter: { state: 99 as SubmissionState } }, options),
  ),
  invalid(method.watchSubmission, "no id", (client, options) => readAll(client.watchSubmission({}, options))),
  invalid(method.checkDelegate, "no network", (client, options) =>
    client.checkDelegate({ signedDelegate: new Uint8Array(1) }, options),
  ),
  invalid(method.getTransaction, "a hash with a letter that base58 has not", (client, options) =>
    client.getTransaction({ network, hash: "0".repeat(44) }, options),
  ),
  refused(
    method.submitDelegate,
    ErrorReason.REQUEST_TOO_LARGE,
    "a message above the relay's limit",
    (client, options) => client.submitDelegate({ network, signedDelegate: new Uint8Array(300_000) }, options),
  ),
  {
    method: method.getSubmission,
    outcome: ErrorReason.OVERLOADED,
    what: "as many calls run as may; there is room again when one ends",
    run: async () => {
      const relay = await startTestRelay({
        settings: { "limits.max_running_calls": "1" },
        devnet: { blockTimeMs: undefined },
      });
      onTestFinished(() => relay.stop());
      const signedDelegate = await freshWallet(relay).delegate();
      const { submission } = await relay.client.submitDelegate({ network, signedDelegate });
      const submissionId = submission?.id ?? "";
      const watch = new AbortController();
      const messages = relay.client
        .watchSubmission({ submissionId }, { signal: watch.signal })
        [Symbol.asyncIterator]();
      await messages.next();
      await expectRefusal(
        (options) => relay.client.getSubmission({ submissionId }, options),
        ErrorReason.OVERLOADED,
      );
      watch.abort();
      await expect
        .poll(() =>
          relay.client.getSubmission({ submissionId }).then(
            () => "answered",
            () => "refused",
          ),
        )
        .toBe("answered");
    },
  },
  {
    method: method.checkDelegate,
    outcome: ErrorReason.DEADLINE_EXCEEDED,
    what: "the chain is slower than the caller's deadline",
    run: async (worlds) => {
      const relay = await worlds.standard();
      const signedDelegate = await freshWallet(relay).delegate();
      const [endpoint] = relay.devnet.endpoints;
      onTestFinished(endpoint?.faults.add({ kind: "latency", ms: 3_000 }) ?? (() => undefined));
      await expectRefusal(
        // As a header, so that the answer is the relay's and not the client's own.
        ({ headers }) =>
          relay.client.checkDelegate(
            { network, signedDelegate },
            { headers: { ...headers, "connect-timeout-ms": "300" } },
          ),
        ErrorReason.DEADLINE_EXCEEDED,
      );
    },
  },
];
