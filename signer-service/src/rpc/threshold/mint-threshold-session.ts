import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { MethodImpl } from "@connectrpc/connect";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { mintSession } from "../../threshold/sessions/mint-session.ts";
import { toAssertion } from "./messages.ts";
import type { ServeThreshold } from "./threshold-call.ts";

const NOTHING = new Uint8Array();

const { method } = ThresholdSignerService;

/** ThresholdSignerService.MintThresholdSession. */
export function mintThresholdSession(serve: ServeThreshold): MethodImpl<typeof method.mintThresholdSession> {
  return serve(method.mintThresholdSession, async ({ parts, caller, record }, { request }) => {
    const { keyId = "", policy = NOTHING, nonce = NOTHING } = request ?? {};
    const assertion = toAssertion(request?.assertion);
    const minted = await mintSession(parts, caller, { keyId, policy, nonce, assertion });
    const { token, expiresAt, maxUses, purposes } = minted;
    await record("threshold session minted", keyId, {
      purposes: purposes.join(", "),
      max_uses: maxUses.toString(),
      expires_at: expiresAt.toISOString(),
      credential_id: Buffer.from(assertion.credentialId).toString("base64url"),
    });
    return { response: { token, expiresAt: timestampFromDate(expiresAt), maxUses } };
  });
}
