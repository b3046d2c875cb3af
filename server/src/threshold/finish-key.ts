import type { HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { ThresholdKeyService } from "@countersign/gen/countersign/threshold/v1/threshold_key_service_pb.ts";
import type {
  FinishKeyRequest,
  FinishKeyResponse,
} from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { type EndUserCaller, endUserCaller, forward } from "./forward.ts";
import type { ThresholdContext } from "./threshold-context.ts";

/** Adds the passkey's public key, as it was registered here: the signer has none to verify the first assertion with. */
export function finishKey(context: ThresholdContext) {
  const { method } = ThresholdKeyService;
  const { finishThresholdKey } = context.signer.methods;
  return async (request: FinishKeyRequest, call: HandlerContext): Promise<FinishKeyResponse> => {
    const caller = endUserCaller(context, call.values);
    const credentialPublicKey = await passkeyOf(context, caller, request);
    const send = forward<FinishKeyRequest, FinishKeyResponse>(
      context,
      method.finishKey,
      (forwarded, options) => finishThresholdKey({ ...forwarded, credentialPublicKey }, options),
    );
    return send(request, call);
  };
}

async function passkeyOf(
  { users }: ThresholdContext,
  { tenant, endUser }: EndUserCaller,
  { assertion }: FinishKeyRequest,
): Promise<Uint8Array> {
  const found = await users?.passkey(tenant, assertion?.credentialId ?? new Uint8Array());
  if (found !== undefined && found.userId === endUser) return found.passkey.publicKey;
  throw new DomainError(ErrorReason.PASSKEY_NOT_FOUND, "the end user has no such passkey");
}
