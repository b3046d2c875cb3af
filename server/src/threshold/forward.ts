import { type DescMethod, getOption } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { CallOptions, ContextValues, HandlerContext } from "@connectrpc/connect";
import { ErrorReason, reasons } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError, timeLeftMs } from "@countersign/service-kit";
import { type Caller, callerOf } from "../access/caller.ts";
import { refused } from "../rules/refused.ts";
import type { ThresholdContext } from "./threshold-context.ts";

/** What the signer gets: the wallet's call as it is, and whom it is for. */
export interface Forwarded<Request> {
  readonly caller: { readonly tenant: string; readonly user: string; readonly mergedUsers: string[] };
  readonly request: Request;
}

/** A caller that speaks for an end user. */
export type EndUserCaller = Caller & { readonly endUser: string };

/** What any method may say of a call, whoever found it (error.proto, `reasons`). */
const ANY_METHOD = [ErrorReason.FIELD_INVALID, ErrorReason.RATE_LIMITED];

/** The caller and its end user. Throws THRESHOLD_DISABLED, END_USER_MISSING. */
export function endUserCaller({ enabled }: ThresholdContext, values: ContextValues): EndUserCaller {
  if (!enabled) throw new DomainError(ErrorReason.THRESHOLD_DISABLED, "this relay has no threshold keys");
  const caller = callerOf(values);
  const { endUser } = caller;
  if (endUser === null) {
    throw new DomainError(ErrorReason.END_USER_MISSING, "a threshold key belongs to an end user: name one");
  }
  return { ...caller, endUser };
}

/**
 * The handler of a wallet's method: passes its call on to the signer, once, and the answer back. What the call holds is
 * read by the signer alone: it may be a token, and is no business of the relay's log. Throws what the method declares.
 */
export function forward<Request, Response>(
  context: ThresholdContext,
  method: DescMethod,
  send: (forwarded: Forwarded<Request>, options: CallOptions) => Promise<{ response?: Response | undefined }>,
): (request: Request, call: HandlerContext) => Promise<Response> {
  const { signer, signerTimeoutMs, users, withdrawal } = context;
  const passedOn = new Set([...getOption(method, reasons), ...ANY_METHOD]);
  const changes = method.idempotency !== MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
  return async (request, call) => {
    const caller = endUserCaller(context, call.values);
    const { tenant, endUser: user } = caller;
    const mergedUsers = [...((await users?.mergedUsers(tenant, user)) ?? [])];
    // The body may have come slowly, and an operator may have changed something meanwhile.
    const refusal = changes ? withdrawal(caller, method.name) : undefined;
    if (refusal !== undefined) throw refused(refusal);
    const bounds = {
      signal: call.signal,
      timeoutMs: Math.max(1, Math.min(timeLeftMs(call.values), signerTimeoutMs)),
    };
    const { response } = await signer.call(method.name, passedOn, bounds, (options) =>
      send({ caller: { tenant, user, mergedUsers }, request }, options),
    );
    if (response !== undefined) return response;
    throw new DomainError(ErrorReason.SIGNER_UNAVAILABLE, "the signer gave an answer without content");
  };
}
