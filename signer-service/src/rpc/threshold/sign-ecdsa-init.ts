import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { MethodImpl } from "@connectrpc/connect";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { signEcdsaInit as begin } from "../../threshold/ecdsa/sign-init.ts";
import type { ServeThreshold } from "./threshold-call.ts";

const NOTHING = new Uint8Array();

const { method } = ThresholdSignerService;

/** ThresholdSignerService.SignEcdsaInit. */
export function signEcdsaInit(serve: ServeThreshold): MethodImpl<typeof method.signEcdsaInit> {
  return serve(method.signEcdsaInit, async ({ parts, caller }, { request }) => {
    const { requestId = "", keyId = "", digest = NOTHING } = request ?? {};
    const { presignatureId = NOTHING, clientEntropyHash = NOTHING } = request ?? {};
    const round = { requestId, keyId, digest, presignatureId, clientEntropyHash };
    const { signingSessionId, relayerEntropy, expiresAt } = await begin(parts, caller, round);
    return { response: { signingSessionId, relayerEntropy, expiresAt: timestampFromDate(expiresAt) } };
  });
}
