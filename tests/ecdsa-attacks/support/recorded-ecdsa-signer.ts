import type { ThresholdClient } from "../../signer/threshold/support/threshold-signer.ts";
import type { EcdsaHistory } from "./ecdsa-history.ts";

const NOTHING = new Uint8Array();

/** The signer, with all that it gives in both calls of signatures written down: also what comes for a call that is abandoned. */
export function recordedEcdsaSigner(client: ThresholdClient, history: EcdsaHistory): ThresholdClient {
  return {
    ...client,
    async signEcdsaInit(call, options) {
      const answer = await client.signEcdsaInit(call, options);
      const { requestId = "", digest, presignatureId, clientEntropyHash } = call.request ?? {};
      const { signingSessionId = "", relayerEntropy = NOTHING } = answer.response ?? {};
      history.begun.push({
        sessionId: signingSessionId,
        requestId,
        digest: digest ?? NOTHING,
        presignatureId: presignatureId ?? NOTHING,
        clientEntropyHash: clientEntropyHash ?? NOTHING,
        relayerEntropy,
      });
      return answer;
    },
    async signEcdsaFinalize(call, options) {
      const answer = await client.signEcdsaFinalize(call, options);
      const { signingSessionId = "", clientEntropy } = call.request ?? {};
      history.answered.push({
        sessionId: signingSessionId,
        clientEntropy: clientEntropy ?? NOTHING,
        message: answer.response?.message?.data ?? NOTHING,
      });
      return answer;
    },
  };
}
