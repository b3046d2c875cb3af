import type { MethodImpl } from "@connectrpc/connect";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { beginKey } from "../../threshold/keys/begin-key.ts";
import type { ServeThreshold } from "./threshold-call.ts";

const { method } = ThresholdSignerService;

/** ThresholdSignerService.BeginThresholdKey. */
export function beginThresholdKey(serve: ServeThreshold): MethodImpl<typeof method.beginThresholdKey> {
  return serve(method.beginThresholdKey, async ({ parts, caller }, { request }) => {
    const { schemeId = "", network = "", accountId = "", rpId = "" } = request ?? {};
    const { tenant, user } = caller;
    const { challenge, epoch } = await beginKey(parts, caller, { schemeId, network, accountId, rpId });
    return { response: { challenge, epoch, tenant, user } };
  });
}
