import { exportChallenge } from "@countersign/crypto/assertion-challenge.ts";
import { NonceUse } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import type { ThresholdSessions } from "./threshold-sessions.ts";
import type { WalletContext } from "./wallet-context.ts";
import { fromVault, noPrf, untrue } from "./wallet-errors.ts";
import type { WalletKey } from "./wallet-key.ts";

/**
 * The whole private key, 32 bytes, with one touch of its passkey: the signer's share is sealed to the vault, and both
 * together are compared with the public key there. Throws EXPORT_DISABLED, and THRESHOLD_KEY_BROKEN or
 * ROUND_MESSAGE_INVALID with DATA_LOSS when the share that came is not the key's.
 */
export async function exportKey(
  context: WalletContext,
  sessions: ThresholdSessions,
  key: WalletKey,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const { keyService, tenant, rpId, passkeys, shares, vault } = context;
  const { keyId, accountId, credentialId } = key;
  const call = signal === undefined ? {} : { signal };
  const given = await keyService.createNonce({ keyId, use: NonceUse.EXPORT }, call);
  if (given.tenant !== tenant) throw untrue("ASSERTION_INVALID", "the nonce is another tenant's");
  const { nonce } = given;
  const { exportId, recipientPublicKey } = await fromVault(vault.beginExport({}));
  const challenge = exportChallenge({ tenant, keyId, recipientPublicKey, nonce });
  const answer = await passkeys.assert({ rpId, challenge, allow: [credentialId], withPrf: true }, signal);
  // Also where the vault has the share: it gives the whole key to nobody but who has the PRF's result now.
  if ((await shares.take(answer, accountId)) === undefined) throw noPrf();
  await sessions.ready(key, signal);
  const { assertion } = answer;
  const exported = await keyService.exportShare({ keyId, nonce, recipientPublicKey, assertion }, call);
  const { encapsulatedKey, sealedShare } = exported;
  return fromVault(vault.finishExport({ exportId, keyId, info: challenge, encapsulatedKey, sealedShare }));
}
