import type { HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { ThresholdKeyService } from "@countersign/gen/countersign/threshold/v1/threshold_key_service_pb.ts";
import type {
  BeginKeyRequest,
  BeginKeyResponse,
} from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { nameRefusal } from "../rules/account-rules.ts";
import { foreignAccountRefusal, networkRefusal } from "../rules/network.ts";
import { refused } from "../rules/refused.ts";
import type { Refusal } from "../rules/rule.ts";
import { endUserCaller, forward } from "./forward.ts";
import type { ThresholdContext } from "./threshold-context.ts";

/** Refuses early what the signer would: it goes by what its own operator wrote, and is asked all the same. */
export function beginKey(context: ThresholdContext) {
  const { method } = ThresholdKeyService;
  const send = forward(context, method.beginKey, context.signer.methods.beginThresholdKey);
  return async (request: BeginKeyRequest, call: HandlerContext): Promise<BeginKeyResponse> => {
    const { tenant } = endUserCaller(context, call.values);
    const refusal = refusalOf(context, tenant, request);
    if (refusal !== undefined) throw refused(refusal);
    return send(request, call);
  };
}

function refusalOf(
  { network, foreignSuffixes, signIn }: ThresholdContext,
  tenant: string,
  request: BeginKeyRequest,
): Refusal | undefined {
  return (
    networkRefusal(network, request.network) ??
    nameRefusal(request.accountId) ??
    foreignAccountRefusal(foreignSuffixes, network, [request.accountId]) ??
    relyingPartyRefusal(signIn(tenant)?.relyingParties ?? [], request.rpId.toLowerCase())
  );
}

function relyingPartyRefusal(parties: readonly { readonly id: string }[], rpId: string): Refusal | undefined {
  return parties.some(({ id }) => id === rpId)
    ? undefined
    : {
        reason: ErrorReason.RELYING_PARTY_NOT_FOUND,
        message: "the tenant has no relying party of this id",
      };
}
