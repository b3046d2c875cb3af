import type { ThresholdClient } from "../../signer/threshold/support/threshold-signer.ts";
import type { History, KeyShares } from "./history.ts";

/** The signer, with all that it gives in both rounds written down: also what comes for a call that is abandoned. */
export function recordedSigner(client: ThresholdClient, history: History, key: KeyShares): ThresholdClient {
  return {
    ...client,
    async signEd25519Init(call, options) {
      const answer = await client.signEd25519Init(call, options);
      const { requestId = "", digest, clientCommitments } = call.request ?? {};
      const { signingSessionId = "", relayerCommitments } = answer.response ?? {};
      history.begun.push({
        sessionId: signingSessionId,
        requestId,
        key,
        digest: bytes(digest),
        clientCommitments: points(clientCommitments),
        relayerCommitments: points(relayerCommitments),
      });
      return answer;
    },
    async signEd25519Finalize(call, options) {
      const answer = await client.signEd25519Finalize(call, options);
      const { signingSessionId = "", clientSignatureShare } = call.request ?? {};
      const { relayerSignatureShare, signature } = answer.response ?? {};
      history.answered.push({
        sessionId: signingSessionId,
        clientSignatureShare: bytes(clientSignatureShare),
        relayerSignatureShare: bytes(relayerSignatureShare),
        signature: bytes(signature),
      });
      return answer;
    },
  };
}

function bytes(value: Uint8Array | undefined): Uint8Array {
  return value ?? new Uint8Array();
}

function points(of: { hiding?: Uint8Array; binding?: Uint8Array } | undefined) {
  return { hiding: bytes(of?.hiding), binding: bytes(of?.binding) };
}
