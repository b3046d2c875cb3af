import type { MethodImpl } from "@connectrpc/connect";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { ownedKey } from "../../threshold/keys/owned-key.ts";
import { toThresholdKeyMessage } from "./messages.ts";
import type { ServeThreshold } from "./threshold-call.ts";

const { method } = ThresholdSignerService;

/** ThresholdSignerService.GetThresholdKey. */
export function getThresholdKey(serve: ServeThreshold): MethodImpl<typeof method.getThresholdKey> {
  return serve(method.getThresholdKey, async ({ parts, caller }, { request }) => {
    const record = await ownedKey(parts, caller, request?.keyId ?? "");
    return { response: { key: toThresholdKeyMessage(record) } };
  });
}
