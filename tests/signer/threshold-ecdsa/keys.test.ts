import { exportChallenge } from "@countersign/crypto/assertion-challenge.ts";
import { createRecipient } from "@countersign/crypto/hpke.ts";
import { verifyingShare } from "@countersign/crypto/keys-secp256k1.ts";
import { NonceUse } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { expect, test } from "vitest";
import { delegate } from "../threshold/support/payloads.ts";
import { outcomeOf } from "../threshold/support/reason.ts";
import { NETWORK, startThresholdSigner } from "../threshold/support/threshold-signer.ts";
import { ThresholdWallet } from "../threshold/support/threshold-wallet.ts";
import { ECDSA_WALLET } from "../threshold/support/wallet-scheme.ts";
import { EcdsaWallet } from "./support/ecdsa-client.ts";
import { ecdsaSettings, startEcdsaSigner } from "./support/ecdsa-signer.ts";

/** The group's order (SEC 2, section 2.4.1). */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

test("a key is made of both shares and both proofs, and is found again by its client share", async () => {
  const { client } = await startEcdsaSigner();
  const alice = new EcdsaWallet(client);
  // Checks the relayer's proof, and that the id is that of both shares' sum.
  const key = await alice.createKey();
  expect(key).toMatchObject({ schemeId: ECDSA_WALLET.id, network: NETWORK, epoch: 1 });
  expect(key.relayerVerifyingShare).toHaveLength(33);
  expect(await alice.createKey()).toEqual(key);
  const { response } = await client.getThresholdKey({ caller: alice.caller, request: { keyId: key.keyId } });
  expect(response?.key).toEqual(key);
});

test("a client share that somebody else has registered is of no use without it, and not with another passkey", async () => {
  const { client } = await startEcdsaSigner();
  const alice = new EcdsaWallet(client);
  const sent = alice.finishRequest(await alice.challenge());
  await client.finishThresholdKey(sent);
  const mallory = new EcdsaWallet(client, { user: "mallory" });
  const { caller, credentialPublicKey } = mallory.finishRequest(await mallory.challenge());
  const request = { ...sent.request, challenge: await mallory.challenge() };
  const replayed = client.finishThresholdKey({ caller, request, credentialPublicKey });
  expect(await outcomeOf(replayed)).toBe("POSSESSION_PROOF_INVALID");
  const other = new EcdsaWallet(client, { share: alice.share });
  expect(await outcomeOf(other.createKey())).toBe("THRESHOLD_KEY_EXISTS");
});

test("a proof is for its scheme: one of Ed25519 makes no key of ECDSA, nor the other way", async () => {
  const { client } = await startEcdsaSigner();
  const evm = new EcdsaWallet(client);
  const near = new ThresholdWallet(client);
  const ofNear = near.finishRequest(await evm.challenge());
  expect(await outcomeOf(client.finishThresholdKey(ofNear))).toBe("ROUND_MESSAGE_INVALID");
  const ofEvm = evm.finishRequest(await near.challenge());
  expect(await outcomeOf(client.finishThresholdKey(ofEvm))).toBe("ROUND_MESSAGE_INVALID");
});

test("a user has keys of both schemes, and neither scheme's calls are for the other's key", async () => {
  const { client } = await startEcdsaSigner();
  const evm = await EcdsaWallet.withKey(client);
  const near = await ThresholdWallet.withKey(client);
  const { caller } = evm;
  const { response } = await client.listThresholdKeys({ caller, request: {} });
  expect(response?.keys.map(({ keyId }) => keyId).sort()).toEqual([evm.keyId, near.keyId].sort());
  const pool = client.getPresignaturePool({ caller, request: { keyId: near.keyId } });
  expect(await outcomeOf(pool)).toBe("THRESHOLD_KEY_NOT_FOUND");
  const { payload } = delegate(near);
  const authorised = client.authorizeEd25519(evm.authorizeRequest(payload, await evm.mint()));
  expect(await outcomeOf(authorised)).toBe("PAYLOAD_MALFORMED");
});

test("without a master secret for ECDSA there are no keys of it, and NEAR's are made as ever", async () => {
  const { client } = await startThresholdSigner();
  expect(await outcomeOf(new EcdsaWallet(client).challenge())).toBe("NETWORK_MISMATCH");
  await ThresholdWallet.withKey(client);
});

test("the schemes' epochs are apart: a new one of ECDSA is for new keys of ECDSA alone", async () => {
  const ecdsa = { scheme: ECDSA_WALLET.id, network: NETWORK };
  const threshold = ecdsaSettings({
    master_secrets: [
      { network: NETWORK, epoch: 1, secret: "env:MASTER_1" },
      { ...ecdsa, epoch: 1, secret: "env:MASTER_ECDSA_1" },
      { ...ecdsa, epoch: 2, secret: "env:MASTER_ECDSA_2" },
    ],
  });
  const { client } = await startEcdsaSigner({ threshold });
  expect((await EcdsaWallet.withKey(client)).key?.epoch).toBe(2);
  expect((await ThresholdWallet.withKey(client)).key?.epoch).toBe(1);
});

test("an exported share and the wallet's own add up to the secret of the key", async () => {
  const { client } = await startEcdsaSigner();
  const alice = await EcdsaWallet.withKey(client);
  const recipient = await createRecipient();
  const nonce = await alice.nonce(NonceUse.EXPORT);
  const call = alice.exportRequest(nonce, recipient.publicKey);
  const { response } = await client.exportThresholdShare(call);
  if (response === undefined) expect.fail("no share");
  const info = exportChallenge({
    tenant: alice.caller.tenant,
    keyId: alice.keyId,
    recipientPublicKey: recipient.publicKey,
    nonce,
  });
  const relayerShare = await recipient.open(response.encapsulatedKey, info, response.sealedShare);
  const sum = (integer(alice.share) + integer(relayerShare)) % ORDER;
  const secret = new Uint8Array(Buffer.from(sum.toString(16).padStart(64, "0"), "hex"));
  expect(verifyingShare(secret)).toEqual(alice.publicKey);
});

function integer(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}
