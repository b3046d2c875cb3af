import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { type DelegateAction, delegateHash, encodeSignedDelegate, formatPublicKey } from "@countersign/near";

/** A wallet that exists from genesis, and the one delegate that it has signed. */
export interface PreSigned {
  readonly accountId: string;
  readonly publicKey: string;
  /** The borsh bytes of the SignedDelegate. */
  readonly signedDelegate: Uint8Array;
}

/** Who gets the transfers. */
export const RECEIVER = "receiver.test";
/** Above the height of any block of a run: the devnet begins at 100,000. */
const MAX_BLOCK_HEIGHT = 600_000n;
/** How many bytes of an Ed25519 key's SPKI form stand before the key itself (RFC 8410). */
const SPKI_PREFIX_BYTES = 12;

/**
 * Makes `count` wallets, each with a signed delegate of a transfer of one yocto. A wallet signs once, so no
 * delegate depends on the order of two, and the chain's log shows by its receiver whose delegate it carried.
 */
export function preSign(count: number, prefix: string): PreSigned[] {
  return Array.from({ length: count }, (_, i) => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    return signedTransfer(`${prefix}-${i}.test`, publicKey, privateKey);
  });
}

function signedTransfer(accountId: string, publicKey: KeyObject, privateKey: KeyObject): PreSigned {
  const data = publicKey.export({ format: "der", type: "spki" }).subarray(SPKI_PREFIX_BYTES);
  const delegateAction: DelegateAction = {
    senderId: accountId,
    receiverId: RECEIVER,
    actions: [{ kind: "Transfer", deposit: 1n }],
    nonce: 1n,
    maxBlockHeight: MAX_BLOCK_HEIGHT,
    publicKey: { type: "ed25519", data },
  };
  const signature = sign(null, delegateHash(delegateAction), privateKey);
  return {
    accountId,
    publicKey: formatPublicKey(delegateAction.publicKey),
    signedDelegate: encodeSignedDelegate({
      delegateAction,
      signature: { type: "ed25519", data: signature },
    }),
  };
}
