import type { ServiceImpl } from "@connectrpc/connect";
import { ThresholdKeyService } from "@countersign/gen/countersign/threshold/v1/threshold_key_service_pb.ts";
import { beginKey } from "./begin-key.ts";
import { finishKey } from "./finish-key.ts";
import { forward } from "./forward.ts";
import type { ThresholdContext } from "./threshold-context.ts";

/** countersign.threshold.v1.ThresholdKeyService: what the relay adds to a call has a file, the rest is passed on. */
export function thresholdKeyService(context: ThresholdContext): ServiceImpl<typeof ThresholdKeyService> {
  const { method } = ThresholdKeyService;
  const { methods } = context.signer;
  return {
    beginKey: beginKey(context),
    finishKey: finishKey(context),
    getKey: forward(context, method.getKey, methods.getThresholdKey),
    listKeys: forward(context, method.listKeys, methods.listThresholdKeys),
    createNonce: forward(context, method.createNonce, methods.createThresholdNonce),
    mintSession: forward(context, method.mintSession, methods.mintThresholdSession),
    endSession: forward(context, method.endSession, methods.endThresholdSession),
    exportShare: forward(context, method.exportShare, methods.exportThresholdShare),
  };
}
