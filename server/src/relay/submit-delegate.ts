import type { HandlerContext } from "@connectrpc/connect";
import type { SubmitDelegateRequest } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { requestIdKey, timeLeftMs } from "@countersign/service-kit";
import { callerOf } from "../access/caller.ts";
import { idempotencyKey } from "./idempotency-key.ts";
import type { RelayContext } from "./relay-context.ts";
import { submissionMessage } from "./submission-message.ts";
import { waitFor } from "./wait.ts";

export function submitDelegate(relay: RelayContext) {
  return async (request: SubmitDelegateRequest, call: HandlerContext) => {
    const accepted = await relay.intake.submitDelegate(
      callerOf(call.values),
      {
        network: request.network,
        signedDelegate: request.signedDelegate,
        idempotencyKey: idempotencyKey(request.idempotencyKey, call.requestHeader),
        orderingKey: request.orderingKey,
        requestId: call.values.get(requestIdKey),
        callerCredential: relay.callerCredential(call.requestHeader),
      },
      call.signal,
    );
    const time = { timeLeftMs: timeLeftMs(call.values), signal: call.signal };
    return { submission: submissionMessage(await waitFor(accepted, request.waitUntil, time, relay)) };
  };
}
