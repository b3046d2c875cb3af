import type { MethodImpl } from "@connectrpc/connect";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { exportShare } from "../../threshold/export/export-share.ts";
import { toAssertion } from "./messages.ts";
import type { ServeThreshold } from "./threshold-call.ts";

const NOTHING = new Uint8Array();

const { method } = ThresholdSignerService;

/** ThresholdSignerService.ExportThresholdShare. */
export function exportThresholdShare(serve: ServeThreshold): MethodImpl<typeof method.exportThresholdShare> {
  return serve(method.exportThresholdShare, async ({ parts, caller, record }, { request }) => {
    const { keyId = "", nonce = NOTHING, recipientPublicKey = NOTHING } = request ?? {};
    const assertion = toAssertion(request?.assertion);
    const wish = { keyId, nonce, recipientPublicKey, assertion };
    const { encapsulatedKey, sealed } = await exportShare(parts, caller, wish);
    await record("threshold share exported", keyId, {
      recipient_public_key: Buffer.from(recipientPublicKey).toString("base64url"),
      credential_id: Buffer.from(assertion.credentialId).toString("base64url"),
    });
    return { response: { encapsulatedKey, sealedShare: sealed } };
  });
}
