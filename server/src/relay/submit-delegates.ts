import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type {
  DelegateResultSchema,
  SubmitDelegatesRequest,
  SubmitDelegatesResponseSchema,
} from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { DomainError, requestIdKey, timeLeftMs } from "@countersign/service-kit";
import { callerOf } from "../access/caller.ts";
import { countMore } from "../access/counted-calls.ts";
import { networkRefusal } from "../rules/network.ts";
import { refused } from "../rules/refused.ts";
import type { Taken } from "../tx/intake.ts";
import { delegateRefusalMessage } from "./delegate-refusal-message.ts";
import { idempotencyKey as keyOfCall } from "./idempotency-key.ts";
import type { RelayContext } from "./relay-context.ts";
import { submissionMessage } from "./submission-message.ts";
import { waitFor } from "./wait.ts";

/** What is away now. Where all delegates fail for one of them, so does the call. */
const OUTAGES: ReadonlySet<ErrorReason> = new Set([
  ErrorReason.CHAIN_UNAVAILABLE,
  ErrorReason.LEDGER_UNAVAILABLE,
]);

export function submitDelegates(relay: RelayContext) {
  return async (
    request: SubmitDelegatesRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof SubmitDelegatesResponseSchema>> => {
    const caller = callerOf(call.values);
    await countMore(call.values, request.delegates.length - 1);
    if (keyOfCall("", call.requestHeader) !== "") throw keyOfMany();
    const refusal =
      relay.pauseRefusal(caller.tenant, "SubmitDelegate") ?? networkRefusal(relay.network, request.network);
    if (refusal !== undefined) throw refused(refusal);

    const requestId = call.values.get(requestIdKey);
    const identity = { requestId, callerCredential: relay.callerCredential(call.requestHeader) };
    const { network, waitUntil } = request;
    const requests = request.delegates.map(({ signedDelegate, idempotencyKey, orderingKey }) => ({
      ...identity,
      network,
      signedDelegate,
      idempotencyKey,
      orderingKey,
    }));
    const taken = await relay.intake.submitDelegates(caller, requests, call.signal);
    assertDecided(taken);
    const time = { timeLeftMs: timeLeftMs(call.values), signal: call.signal };
    const results = taken.map(async (one): Promise<MessageInitShape<typeof DelegateResultSchema>> => {
      if (one instanceof DomainError) {
        relay.onRefusedDelegate(caller, call.method.name, one.reason, requestId);
        return { result: { case: "refusal", value: delegateRefusalMessage(one, requestId) } };
      }
      const submission = submissionMessage(await waitFor(one, waitUntil, time, relay));
      return { result: { case: "submission", value: submission } };
    });
    return { results: await Promise.all(results) };
  };
}

/** Where something is away and nothing was decided, the call says so, and not each of its delegates. */
function assertDecided(taken: readonly Taken[]): void {
  const [first] = taken;
  if (!(first instanceof DomainError)) return;
  if (taken.every((one) => one instanceof DomainError && OUTAGES.has(one.reason))) throw first;
}

function keyOfMany(): DomainError {
  return new DomainError(
    ErrorReason.IDEMPOTENCY_KEY_MISMATCH,
    "header Idempotency-Key does not go with several delegates: each has a key of its own",
  );
}
