import type { MethodImpl } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import type { Ed25519Payload } from "@countersign/gen/countersign/threshold/v1/ed25519_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { authorize } from "../../threshold/authorize/authorize.ts";
import type { Payload } from "../../threshold/intents/read-payload.ts";
import { toAuthority, toSigningRequests } from "./authority.ts";
import type { ServeThreshold } from "./threshold-call.ts";

const { method } = ThresholdSignerService;

/** ThresholdSignerService.AuthorizeEd25519. */
export function authorizeEd25519(serve: ServeThreshold): MethodImpl<typeof method.authorizeEd25519> {
  return serve(method.authorizeEd25519, async ({ parts, caller }, { request }) => {
    const payload = toPayload(request?.payload);
    const authority = toAuthority(request?.authority);
    const requests = await authorize(parts, caller, { keyId: request?.keyId ?? "", payload, authority });
    return { response: { requests: toSigningRequests(requests) } };
  });
}

function toPayload(message: Ed25519Payload | undefined): Payload {
  const payload = message?.payload;
  switch (payload?.case) {
    case "nearTransactions":
      return { kind: "near transactions", transactions: payload.value.transactions };
    case "nearDelegate":
      return { kind: "near delegate", delegateAction: payload.value.delegateAction };
    case "nep413Message": {
      const { message: text, nonce, recipient, callbackUrl } = payload.value;
      return { kind: "nep-413 message", message: { message: text, nonce, recipient, callbackUrl } };
    }
    default:
      throw new DomainError(ErrorReason.PAYLOAD_MALFORMED, "the payload is of no kind that is known here");
  }
}
