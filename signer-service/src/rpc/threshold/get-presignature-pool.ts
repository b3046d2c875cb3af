import type { MethodImpl } from "@connectrpc/connect";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { presignaturePool } from "../../threshold/ecdsa/pool.ts";
import type { ServeThreshold } from "./threshold-call.ts";

const { method } = ThresholdSignerService;

/** ThresholdSignerService.GetPresignaturePool. */
export function getPresignaturePool(serve: ServeThreshold): MethodImpl<typeof method.getPresignaturePool> {
  return serve(method.getPresignaturePool, async ({ parts, caller }, { request }) => {
    const { ids, refillBelow, capacity } = await presignaturePool(parts, caller, request?.keyId ?? "");
    return { response: { presignatureIds: [...ids], refillBelow, capacity } };
  });
}
