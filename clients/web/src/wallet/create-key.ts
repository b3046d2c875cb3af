import { keyChallenge } from "@countersign/crypto/assertion-challenge.ts";
import type { FinishKeyResponse } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { sameBytes } from "../vault/same-bytes.ts";
import type { KeyScheme } from "./key-scheme.ts";
import { wipe } from "./passkeys.ts";
import type { WalletContext } from "./wallet-context.ts";
import { fromVault, untrue } from "./wallet-errors.ts";
import type { WalletKey } from "./wallet-key.ts";

/**
 * Creates the account's key of a scheme, or finds the one that the passkey and the signer made before: both sides prove that they hold
 * their share, and the key is taken only when it is made of the two. Throws POSSESSION_PROOF_INVALID and
 * THRESHOLD_KEY_BROKEN with DATA_LOSS when the other side's answer does not hold.
 *
 * @param passkey the credential id of the passkey that derives the share; undefined for whichever the user picks
 */
export async function createKey(
  context: WalletContext,
  scheme: KeyScheme,
  accountId: string,
  passkey: Uint8Array | undefined,
  signal: AbortSignal | undefined,
): Promise<WalletKey> {
  const { keyService, network, rpId, vault, passkeys, shares, keys } = context;
  const call = signal === undefined ? {} : { signal };
  const unlocked = await shares.unlock(accountId, passkey, signal);
  const { shareId, credentialId } = unlocked;
  const verifyingShare = scheme.publicShare(unlocked);
  const schemeId = scheme.id;
  const begun = await keyService.beginKey({ schemeId, network, accountId, rpId }, call);
  assertOwn(context, begun);
  const { challenge, tenant, user } = begun;
  const ceremony = { network, tenant, user, challenge };
  const clientProof = await fromVault(scheme.prove(vault, { shareId, ceremony }));
  const { assertion, prfFirst } = await passkeys.assert(
    {
      rpId,
      challenge: keyChallenge(challenge, verifyingShare),
      allow: [credentialId],
      withPrf: false,
    },
    signal,
  );
  wipe(prfFirst);
  const finished = await keyService.finishKey(
    { challenge, clientVerifyingShare: verifyingShare, clientProof, assertion },
    call,
  );
  const { keyId, relayerVerifyingShare, epoch } = checked(finished, scheme, {
    network,
    accountId,
    rpId,
    verifyingShare,
  });
  const { relayerProof } = finished;
  const confirmed = { shareId, keyId, network, relayerVerifyingShare, relayerProof };
  await fromVault(scheme.confirm(vault, confirmed));
  const key: WalletKey = {
    keyId,
    schemeId,
    network,
    accountId,
    rpId,
    credentialId,
    clientVerifyingShare: verifyingShare,
    relayerVerifyingShare,
    epoch,
  };
  keys.set(key);
  return key;
}

/** The proofs name tenant and user: those of the session, and not others that the relay would like better. */
function assertOwn({ tenant, session }: WalletContext, begun: { tenant: string; user: string }): void {
  if (begun.tenant === tenant && begun.user === session.user?.id) return;
  throw untrue("THRESHOLD_KEY_BROKEN", "the key was begun for another tenant or user");
}

function checked(
  { key, clientId, relayerId }: FinishKeyResponse,
  scheme: KeyScheme,
  asked: Pick<WalletContext, "network" | "rpId"> & { accountId: string; verifyingShare: Uint8Array },
): NonNullable<FinishKeyResponse["key"]> {
  if (
    key !== undefined &&
    key.schemeId === scheme.id &&
    key.network === asked.network &&
    key.accountId === asked.accountId &&
    key.rpId === asked.rpId &&
    sameBytes(key.clientVerifyingShare, asked.verifyingShare) &&
    clientId === scheme.clientId &&
    relayerId === scheme.relayerId
  ) {
    return key;
  }
  throw untrue("THRESHOLD_KEY_BROKEN", "the key is not the one that was asked for");
}
