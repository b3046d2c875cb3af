import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { MethodImpl } from "@connectrpc/connect";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { presignInit as begin } from "../../threshold/ecdsa/presign-init.ts";
import { toFlight, toProtocolMessage, toStageMessage } from "./protocol-messages.ts";
import type { ServeThreshold } from "./threshold-call.ts";

const { method } = ThresholdSignerService;

/** ThresholdSignerService.PresignInit. */
export function presignInit(serve: ServeThreshold): MethodImpl<typeof method.presignInit> {
  return serve(method.presignInit, async ({ parts, caller }, { request }) => {
    const { keyId = "", sessionToken = "", messages } = request ?? {};
    const begun = await begin(parts, caller, { keyId, sessionToken, flight: toFlight(messages) });
    return {
      response: {
        presignSessionId: begun.id,
        version: begun.version,
        stage: toStageMessage(begun.stage),
        messages: begun.flight.map(toProtocolMessage),
        expiresAt: timestampFromDate(begun.expiresAt),
      },
    };
  });
}
