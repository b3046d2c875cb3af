import { decodeSignedDelegate, delegateHash, type NonDelegateAction } from "@countersign/near";

/** NEAR's number for Ed25519. */
const ED25519 = 0;

/** The body of the peer's POST /signed-delegate: what its own client's signer would have made of the borsh bytes. */
export function signedDelegateBody(signedDelegate: Uint8Array): string {
  const { delegateAction, signature } = decodeSignedDelegate(signedDelegate);
  const { senderId, receiverId, actions, nonce, maxBlockHeight, publicKey } = delegateAction;
  return JSON.stringify({
    hash: Buffer.from(delegateHash(delegateAction)).toString("hex"),
    signedDelegate: {
      delegateAction: {
        senderId,
        receiverId,
        actions: actions.map(actionJson),
        nonce: Number(nonce),
        maxBlockHeight: Number(maxBlockHeight),
        publicKey: { keyType: ED25519, keyData: [...publicKey.data] },
      },
      signature: { keyType: ED25519, signatureData: [...signature.data] },
    },
  });
}

function actionJson(action: NonDelegateAction) {
  if (action.kind !== "Transfer") throw new Error(`the bench's delegates are transfers, not ${action.kind}`);
  return { transfer: { deposit: String(action.deposit) } };
}
