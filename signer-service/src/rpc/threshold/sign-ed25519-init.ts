import type { MethodImpl } from "@connectrpc/connect";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { signInit } from "../../threshold/rounds/sign-init.ts";
import {
  joinCommitments,
  splitCommitments,
} from "../../threshold/schemes/threshold-ed25519-frost/round-messages.ts";
import type { ServeThreshold } from "./threshold-call.ts";

const NOTHING = new Uint8Array();

const { method } = ThresholdSignerService;

/** ThresholdSignerService.SignEd25519Init. */
export function signEd25519Init(serve: ServeThreshold): MethodImpl<typeof method.signEd25519Init> {
  return serve(method.signEd25519Init, async ({ parts, caller }, { request }) => {
    const { requestId = "", keyId = "", digest = NOTHING } = request ?? {};
    const { hiding = NOTHING, binding = NOTHING } = request?.clientCommitments ?? {};
    const clientMessage = joinCommitments({ hiding, binding });
    const begun = await signInit(parts, caller, { requestId, keyId, digest, clientMessage });
    const { signingSessionId, relayerMessage, relayerVerifyingShare } = begun;
    const relayerCommitments = splitCommitments(relayerMessage);
    return { response: { signingSessionId, relayerCommitments, relayerVerifyingShare } };
  });
}
