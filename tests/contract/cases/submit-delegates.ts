import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { SubmissionStateSchema, WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { reasonName } from "@countersign/service-kit";
import { expect } from "vitest";
import { NETWORK, type TestRelay } from "../../support/test-relay.ts";
import type { DelegateOverrides } from "../../support/test-wallet.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { freshWallet } from "../support/fresh-wallet.ts";
import { expectRefusal } from "../support/refusal.ts";
import { spent } from "../support/spent.ts";

const method = RelayService.method.submitDelegates;

interface Delegate {
  readonly signedDelegate: Uint8Array;
}

async function delegateOf(relay: TestRelay, overrides: DelegateOverrides = {}): Promise<Delegate> {
  return { signedDelegate: await freshWallet(relay).delegate(overrides) };
}

/** A call that is refused as a whole, at no cost. */
function refused(
  outcome: ErrorReason,
  what: string,
  request: { readonly network?: string },
  { count = 2, headers = {} } = {},
): ContractCase {
  return {
    method,
    outcome,
    what,
    run: async (worlds) => {
      const relay = await worlds.standard();
      const one = await delegateOf(relay);
      const delegates = Array.from({ length: count }, () => one);
      const before = await spent(relay);
      await expectRefusal(
        (options) =>
          relay.client.submitDelegates(
            { network: NETWORK, delegates, ...request },
            { headers: { ...options.headers, ...headers } },
          ),
        outcome,
      );
      expect(await spent(relay)).toEqual(before);
    },
  };
}

export const submitDelegatesCases: readonly ContractCase[] = [
  {
    method,
    outcome: "success",
    what: "two good delegates, and one whose refusal says what SubmitDelegate's error says",
    run: async (worlds) => {
      const relay = await worlds.standard();
      const bad = await delegateOf(relay, { maxBlockHeight: 10n });
      const delegates = [await delegateOf(relay), bad, await delegateOf(relay)];
      const { results } = await relay.client.submitDelegates(
        { network: NETWORK, delegates, waitUntil: WaitUntil.FINAL },
        { headers: { "x-request-id": "batch-of-three" } },
      );
      const said = results.map(({ result }) =>
        result.case === "submission"
          ? SubmissionStateSchema.value[result.value.state]?.localName
          : result.case,
      );
      expect(said).toEqual(["SUCCEEDED", "refusal", "SUCCEEDED"]);
      expect(results[1]?.result.value).toMatchObject({
        reason: ErrorReason.DELEGATE_EXPIRED,
        message: expect.stringContaining("max_block_height 10"),
        metadata: { request_id: "batch-of-three" },
        retryable: false,
      });
      const single = relay.client.submitDelegate({ network: NETWORK, ...bad });
      await expect(single).rejects.toThrow(/max_block_height 10/);
    },
  },
  refused(ErrorReason.NETWORK_MISMATCH, "another network", { network: "testnet" }),
  refused(
    ErrorReason.IDEMPOTENCY_KEY_MISMATCH,
    "a header that names one key for all",
    {},
    { headers: { "idempotency-key": "one-for-all" } },
  ),
  refused(ErrorReason.FIELD_INVALID, "no delegate", {}, { count: 0 }),
  refused(ErrorReason.FIELD_INVALID, "65 delegates", {}, { count: 65 }),
  {
    method,
    outcome: "success",
    what: "refuses what does not pass by itself for good, and says what may",
    run: async (worlds) => {
      const relay = await worlds.full();
      const delegates = [await delegateOf(relay), await delegateOf(relay), await delegateOf(relay)];
      delegates.push({ signedDelegate: new Uint8Array([1]) });
      const { results } = await relay.client.submitDelegates({ network: NETWORK, delegates });
      const refusals = results.flatMap(({ result }) =>
        result.case === "refusal" ? [[reasonName(result.value.reason), result.value.retryable]] : [],
      );
      // One may be open, and it may be another case's.
      expect(refusals.slice(-3)).toEqual([
        ["QUEUE_FULL", true],
        ["QUEUE_FULL", true],
        ["DELEGATE_MALFORMED", false],
      ]);
    },
  },
];
