import type { MethodImpl } from "@connectrpc/connect";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { signFinalize } from "../../threshold/rounds/sign-finalize.ts";
import { splitLastMessage } from "../../threshold/schemes/threshold-ed25519-frost/round-messages.ts";
import type { ServeThreshold } from "./threshold-call.ts";

const NOTHING = new Uint8Array();

const { method } = ThresholdSignerService;

/** ThresholdSignerService.SignEd25519Finalize. */
export function signEd25519Finalize(serve: ServeThreshold): MethodImpl<typeof method.signEd25519Finalize> {
  return serve(method.signEd25519Finalize, async ({ parts, caller }, { request }) => {
    const { signingSessionId = "", keyId = "", digest = NOTHING } = request ?? {};
    const clientMessage = request?.clientSignatureShare ?? NOTHING;
    const round = { signingSessionId, keyId, digest, clientMessage };
    return { response: splitLastMessage(await signFinalize(parts, caller, round)) };
  });
}
