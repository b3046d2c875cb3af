import type { MethodImpl } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import type { EcdsaPayload } from "@countersign/gen/countersign/threshold/v1/ecdsa_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { authorize } from "../../threshold/authorize/authorize.ts";
import type { Payload } from "../../threshold/intents/read-payload.ts";
import { toAuthority, toSigningRequests } from "./authority.ts";
import type { ServeThreshold } from "./threshold-call.ts";

const { method } = ThresholdSignerService;

/** ThresholdSignerService.AuthorizeEcdsa. */
export function authorizeEcdsa(serve: ServeThreshold): MethodImpl<typeof method.authorizeEcdsa> {
  return serve(method.authorizeEcdsa, async ({ parts, caller }, { request }) => {
    const payload = toPayload(request?.payload);
    const authority = toAuthority(request?.authority);
    const requests = await authorize(parts, caller, { keyId: request?.keyId ?? "", payload, authority });
    return { response: { requests: toSigningRequests(requests) } };
  });
}

function toPayload(message: EcdsaPayload | undefined): Payload {
  const payload = message?.payload;
  switch (payload?.case) {
    case "evmTransactions":
      return { kind: "evm transactions", transactions: payload.value.transactions };
    case "evmMessage":
      return { kind: "evm message", message: payload.value.message };
    case "evmTypedData":
      return { kind: "evm typed data", json: payload.value.json };
    case "evmAuthorization": {
      const { chainId, address, nonce } = payload.value;
      return { kind: "evm authorization", authorization: { chainId, contract: address, nonce } };
    }
    case "rawDigest":
      return { kind: "raw digest", digest: payload.value.digest };
    default:
      throw new DomainError(ErrorReason.PAYLOAD_MALFORMED, "the payload is of no kind that is known here");
  }
}
