import { createHash, createPublicKey, verify } from "node:crypto";
import { exportChallenge } from "@countersign/crypto/assertion-challenge.ts";
import { groupKey, keyId, verifyingShare } from "@countersign/crypto/frost-ed25519.ts";
import { createRecipient } from "@countersign/crypto/hpke.ts";
import { NonceUse } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { PublicKey } from "near-api-js";
import { expect, test } from "vitest";
import { delegate, type KnownPayload, message, transactions } from "./support/payloads.ts";
import { startThresholdSigner } from "./support/threshold-signer.ts";
import { ThresholdWallet } from "./support/threshold-wallet.ts";

/** What node:crypto says of a signature. */
function isSignature(keyText: string, digest: Uint8Array, signature: Uint8Array): boolean {
  const prefix = Buffer.from("302a300506032b6570032100", "hex");
  const key = Buffer.concat([prefix, PublicKey.from(keyText).data]);
  return verify(null, digest, createPublicKey({ key, format: "der", type: "spki" }), signature);
}

test.each<readonly [string, (wallet: ThresholdWallet) => KnownPayload]>([
  ["NEAR transactions", (wallet) => transactions(wallet, 3)],
  ["a NEAR delegate", delegate],
  ["a NEP-413 message", message],
])("%s are signed by both shares, as node:crypto and near-api-js verify", async (_, payloadOf) => {
  const { client } = await startThresholdSigner();
  const wallet = await ThresholdWallet.withKey(client);
  const { payload, digests } = payloadOf(wallet);
  const requests = await wallet.authorize(payload, await wallet.mint());
  expect(requests.map(({ digest }) => digest)).toEqual(digests);
  for (const request of requests) {
    const signature = await wallet.sign(request);
    expect(isSignature(wallet.keyId, request.digest, signature)).toBe(true);
    expect(PublicKey.from(wallet.keyId).verify(request.digest, signature)).toBe(true);
  }
});

test("an assertion alone lets one payload be signed", async () => {
  const { client } = await startThresholdSigner();
  const wallet = await ThresholdWallet.withKey(client);
  const { payload, digests } = transactions(wallet, 2);
  const nonce = await wallet.nonce(NonceUse.AUTHORIZE);
  const { response } = await client.authorizeEd25519(wallet.singleUseRequest(payload, nonce, digests));
  const signatures = await Promise.all((response?.requests ?? []).map((given) => wallet.sign(given)));
  expect(signatures.map((s, i) => isSignature(wallet.keyId, digests[i] ?? s, s))).toEqual([true, true]);
});

test("the key is there to be read, and the same again for whoever creates it again", async () => {
  const { client } = await startThresholdSigner();
  const wallet = await ThresholdWallet.withKey(client, { rpId: "Wallet.EXAMPLE" });
  const { caller, key, passkey } = wallet;
  expect(key).toMatchObject({ rpId: "wallet.example", epoch: 1, network: "testnet" });
  expect(key?.credentialIds).toEqual([passkey.credentialId]);
  const again = await wallet.createKey();
  expect(again).toEqual(key);
  const read = await client.getThresholdKey({ caller, request: { keyId: wallet.keyId } });
  expect(read.response?.key).toEqual(key);
  const listed = await client.listThresholdKeys({ caller, request: {} });
  expect(listed.response?.keys).toEqual([key]);
});

test("a user that another one was merged into has that one's keys, and makes signatures with them", async () => {
  const { client } = await startThresholdSigner();
  const wallet = await ThresholdWallet.withKey(client);
  const caller = { tenant: "acme", user: "user-2", mergedUsers: ["user-1"] };
  const merged = wallet.with({ caller });
  const { response } = await client.listThresholdKeys({ caller, request: {} });
  expect(response?.keys).toEqual([wallet.key]);
  const [request] = await merged.authorize(message().payload, await merged.mint());
  if (request === undefined) expect.fail("no request");
  expect(isSignature(wallet.keyId, request.digest, await merged.sign(request))).toBe(true);
});

test("an exported share makes the key with the client's own", async () => {
  const { client } = await startThresholdSigner();
  const wallet = await ThresholdWallet.withKey(client);
  const recipient = await createRecipient();
  const nonce = await wallet.nonce(NonceUse.EXPORT);
  const call = wallet.exportRequest(nonce, recipient.publicKey);
  const { response } = await client.exportThresholdShare(call);
  const { tenant } = wallet.caller;
  const info = exportChallenge({
    tenant,
    keyId: wallet.keyId,
    recipientPublicKey: recipient.publicKey,
    nonce,
  });
  const { encapsulatedKey, sealedShare } = response ?? expect.fail("no share");
  const share = await recipient.open(encapsulatedKey, info, sealedShare);
  expect(keyId(groupKey(wallet.verifyingShare, verifyingShare(share)))).toBe(wallet.keyId);
});

test("the log and the metrics tell of calls and hold no token", async () => {
  const signer = await startThresholdSigner();
  const { client } = signer;
  const wallet = await ThresholdWallet.withKey(client);
  const token = await wallet.mint();
  const [request] = await wallet.authorize(delegate(wallet).payload, token);
  if (request === undefined) expect.fail("no request");
  await wallet.sign(request);
  const logged = signer.logged();
  expect(logged).toContain('"threshold call answered"');
  expect(logged).toContain(wallet.keyId);
  expect(logged).not.toContain(token.slice(4));
  expect(logged).not.toContain(createHash("sha256").update(token).digest("hex"));
  const metrics = await (await fetch(`${signer.operationsAddress}/metrics`)).text();
  expect(metrics).toContain(
    'countersign_signer_threshold_calls_total{method="SignEd25519Finalize",outcome="succeeded",reason=""} 1',
  );
});
