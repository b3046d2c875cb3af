import type { MethodImpl } from "@connectrpc/connect";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { signEcdsaFinalize as finish } from "../../threshold/ecdsa/sign-finalize.ts";
import { toProtocolMessage } from "./protocol-messages.ts";
import type { ServeThreshold } from "./threshold-call.ts";

const NOTHING = new Uint8Array();

const { method } = ThresholdSignerService;

/** ThresholdSignerService.SignEcdsaFinalize. */
export function signEcdsaFinalize(serve: ServeThreshold): MethodImpl<typeof method.signEcdsaFinalize> {
  return serve(method.signEcdsaFinalize, async ({ parts, caller }, { request }) => {
    const { signingSessionId = "", keyId = "", digest = NOTHING, clientEntropy = NOTHING } = request ?? {};
    const data = await finish(parts, caller, { signingSessionId, keyId, digest, clientEntropy });
    return { response: { message: toProtocolMessage({ phase: "sign", data }) } };
  });
}
