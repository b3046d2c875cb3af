import type { MethodImpl } from "@connectrpc/connect";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { presignStep as goOn } from "../../threshold/ecdsa/presign-step.ts";
import { toFlight, toProtocolMessage, toStageMessage } from "./protocol-messages.ts";
import type { ServeThreshold } from "./threshold-call.ts";

const { method } = ThresholdSignerService;

/** ThresholdSignerService.PresignStep. */
export function presignStep(serve: ServeThreshold): MethodImpl<typeof method.presignStep> {
  return serve(method.presignStep, async ({ parts, caller }, { request }) => {
    const { presignSessionId = "", keyId = "", version = 0, messages } = request ?? {};
    const next = { presignSessionId, keyId, version, flight: toFlight(messages) };
    const { stage, flight, presignatureId, version: reached } = await goOn(parts, caller, next);
    return {
      response: {
        version: reached,
        stage: toStageMessage(stage),
        messages: flight.map(toProtocolMessage),
        presignatureId,
      },
    };
  });
}
