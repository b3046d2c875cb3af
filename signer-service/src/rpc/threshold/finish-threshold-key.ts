import type { MethodImpl } from "@connectrpc/connect";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { finishKey } from "../../threshold/keys/finish-key.ts";
import { toAssertion, toThresholdKeyMessage } from "./messages.ts";
import type { ServeThreshold } from "./threshold-call.ts";

const NOTHING = new Uint8Array();

const { method } = ThresholdSignerService;

/** ThresholdSignerService.FinishThresholdKey. */
export function finishThresholdKey(serve: ServeThreshold): MethodImpl<typeof method.finishThresholdKey> {
  return serve(
    method.finishThresholdKey,
    async ({ parts, caller, record }, { request, credentialPublicKey }) => {
      const { challenge = NOTHING, clientVerifyingShare = NOTHING, clientProof = NOTHING } = request ?? {};
      const assertion = toAssertion(request?.assertion);
      const wish = { challenge, clientVerifyingShare, clientProof, assertion, credentialPublicKey };
      const { record: key, scheme, relayerProof, isNew } = await finishKey(parts, caller, wish);
      await record(isNew ? "threshold key created" : "threshold key confirmed", key.keyId, {
        network: key.network,
        account_id: key.accountId,
        rp_id: key.rpId,
        epoch: key.epoch.toString(),
        credential_id: Buffer.from(assertion.credentialId).toString("base64url"),
      });
      const { clientId, relayerId } = scheme;
      return { response: { key: toThresholdKeyMessage(key), relayerProof, clientId, relayerId } };
    },
  );
}
