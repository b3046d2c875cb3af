import type { MethodImpl } from "@connectrpc/connect";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { endSession } from "../../threshold/sessions/end-session.ts";
import type { ServeThreshold } from "./threshold-call.ts";

const { method } = ThresholdSignerService;

/** ThresholdSignerService.EndThresholdSession. */
export function endThresholdSession(serve: ServeThreshold): MethodImpl<typeof method.endThresholdSession> {
  return serve(method.endThresholdSession, async ({ parts, caller }, { request }) => {
    await endSession(parts, caller, request?.token ?? "");
    return { response: {} };
  });
}
