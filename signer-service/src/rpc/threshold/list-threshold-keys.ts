import type { MethodImpl } from "@connectrpc/connect";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { ownedKeys } from "../../threshold/keys/owned-key.ts";
import { toThresholdKeyMessage } from "./messages.ts";
import type { ServeThreshold } from "./threshold-call.ts";

const { method } = ThresholdSignerService;

/** ThresholdSignerService.ListThresholdKeys. */
export function listThresholdKeys(serve: ServeThreshold): MethodImpl<typeof method.listThresholdKeys> {
  return serve(method.listThresholdKeys, async ({ parts, caller }) => {
    const records = await ownedKeys(parts, caller);
    return { response: { keys: records.map(toThresholdKeyMessage) } };
  });
}
