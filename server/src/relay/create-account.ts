import type { HandlerContext } from "@connectrpc/connect";
import type { CreateAccountRequest } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { requestIdKey, timeLeftMs } from "@countersign/service-kit";
import { callerOf } from "../access/caller.ts";
import { idempotencyKey } from "./idempotency-key.ts";
import type { RelayContext } from "./relay-context.ts";
import { submissionMessage } from "./submission-message.ts";
import { waitFor } from "./wait.ts";

export function createAccount(relay: RelayContext) {
  return async (request: CreateAccountRequest, call: HandlerContext) => {
    const { network, accountId, publicKey, registrationArgs } = request;
    const accepted = await relay.intake.createAccount(
      callerOf(call.values),
      {
        network,
        accountId,
        publicKey,
        registrationArgs,
        initialBalance:
          request.initialBalance === ""
            ? (relay.accountCreation?.initialBalance.default ?? 0n)
            : BigInt(request.initialBalance),
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
