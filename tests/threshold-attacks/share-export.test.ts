import { exportChallenge } from "@countersign/crypto/assertion-challenge.ts";
import { verifyingShare } from "@countersign/crypto/frost-ed25519.ts";
import { createRecipient } from "@countersign/crypto/hpke.ts";
import { expect, test } from "vitest";
import { outcomeOf } from "../signer/threshold/support/reason.ts";
import { OTHER_RP_ID, OTHER_TENANT } from "../signer/threshold/support/threshold-signer.ts";
import { startAttackWorld } from "./support/attack-world.ts";
import { startEvilRelay } from "./support/evil-relay.ts";
import { signInWallet, walletWithKey } from "./support/signed-in-wallet.ts";

const EXPORT = 3;

test("a relay that puts its own HPKE key in place of the wallet's gets nothing; the wallet gets the share", async () => {
  const { relays, signers } = await startAttackWorld();
  const evil = await startEvilRelay(relays[0]?.address ?? "");
  const { wallet } = await walletWithKey(evil.address);
  const [mine, evils] = [await createRecipient(), await createRecipient()];
  const call = async () => wallet.exportRequest(await wallet.nonce(EXPORT), mine.publicKey);

  evil.deeds.exportShare = (honest, request) => honest({ ...request, recipientPublicKey: evils.publicKey });
  expect(await outcomeOf(wallet.client.exportThresholdShare(await call()))).toBe("ASSERTION_INVALID");
  // With the challenge that the wallet would have signed for that key; it signed another one.
  evil.deeds.exportShare = (honest, request) => {
    const { keyId, nonce, assertion } = request;
    if (assertion === undefined) throw new Error("no assertion");
    const recipientPublicKey = evils.publicKey;
    const challenge = exportChallenge({ tenant: wallet.caller.tenant, keyId, recipientPublicKey, nonce });
    const data = JSON.parse(Buffer.from(assertion.clientDataJson).toString());
    const forged = JSON.stringify({ ...data, challenge: Buffer.from(challenge).toString("base64url") });
    assertion.clientDataJson = Buffer.from(forged);
    return honest({ ...request, recipientPublicKey });
  };
  expect(await outcomeOf(wallet.client.exportThresholdShare(await call()))).toBe("ASSERTION_INVALID");

  // The share opens for the wallet alone, and under this export's challenge alone.
  delete evil.deeds.exportShare;
  const own = await call();
  const { response } = await wallet.client.exportThresholdShare(own);
  const { encapsulatedKey = new Uint8Array(), sealedShare = new Uint8Array() } = response ?? {};
  const { nonce, recipientPublicKey, keyId } = own.request;
  const info = exportChallenge({ tenant: wallet.caller.tenant, keyId, recipientPublicKey, nonce });
  const share = await mine.open(encapsulatedKey, info, sealedShare);
  expect(verifyingShare(share)).toEqual(wallet.key?.relayerVerifyingShare);
  await expect(evils.open(encapsulatedKey, info, sealedShare)).rejects.toThrow();
  // What a relay has seen of it is good for nothing once more.
  expect(await outcomeOf(wallet.client.exportThresholdShare(own))).toBe("THRESHOLD_CHALLENGE_INVALID");
  expect(signers[0]?.signer.logged()).not.toContain(Buffer.from(share).toString("hex"));
});

test("no share leaves the signer for a tenant that does not say so", async () => {
  const { relays } = await startAttackWorld();
  const made = await signInWallet(relays[0]?.address ?? "", { tenant: OTHER_TENANT, rpId: OTHER_RP_ID });
  const { wallet } = made;
  await wallet.createKey();
  const { publicKey } = await createRecipient();
  const call = wallet.exportRequest(await wallet.nonce(EXPORT), publicKey);
  expect(await outcomeOf(wallet.client.exportThresholdShare(call))).toBe("EXPORT_DISABLED");
});
