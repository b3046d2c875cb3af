import { expect, test } from "vitest";
import { attackSettings } from "../ecdsa-attacks/support/attack-settings.ts";
import { outcomeOf } from "../signer/threshold/support/reason.ts";
import { ClientPresign } from "../signer/threshold-ecdsa/support/client-presign.ts";
import { EcdsaWallet } from "../signer/threshold-ecdsa/support/ecdsa-client.ts";
import { evmMessage } from "../signer/threshold-ecdsa/support/evm-payloads.ts";
import { startAttackWorld } from "../threshold-attacks/support/attack-world.ts";
import { signInWalletAs } from "../threshold-attacks/support/signed-in-wallet.ts";

/** A wallet of a relay and a signer as they are; only the signer's clock is the test's. */
async function startWallet() {
  let passedMs = 0;
  const { relays } = await startAttackWorld({
    threshold: attackSettings(),
    signerNow: () => new Date(Date.now() + passedMs),
  });
  const { wallet } = await signInWalletAs(
    (client, options) => new EcdsaWallet(client, options),
    relays[0]?.address ?? "",
  );
  await wallet.createKey();
  const token = await wallet.mint();
  return {
    wallet,
    token,
    pass(seconds: number) {
      passedMs += seconds * 1_000;
    },
  };
}

async function authorised(wallet: EcdsaWallet, token: string) {
  const [given] = await wallet.authorizeEcdsa(evmMessage().payload, token);
  return given ?? expect.fail("nothing was authorised");
}

test("a presign session that is not there, or over its minute, is PRESIGN_SESSION_INVALID", async () => {
  const { wallet, token, pass } = await startWallet();
  const presign = await wallet.beginPresign(token);
  const { caller, request } = wallet.presignStepRequest(presign);
  const unknown = { caller, request: { ...request, presignSessionId: "unknown" } };
  expect(await outcomeOf(wallet.client.presignStep(unknown))).toBe("PRESIGN_SESSION_INVALID");
  pass(61);
  expect(await outcomeOf(wallet.stepPresign(presign))).toBe("PRESIGN_SESSION_INVALID");
  await wallet.presign(token);
});

test("a signature that is not ended within its half minute is SIGNING_SESSION_STALE, and its presignature is gone", async () => {
  const { wallet, token, pass } = await startWallet();
  const presignature = await wallet.presign(token);
  const given = await authorised(wallet, token);
  const begun = await wallet.beginEcdsa(given, presignature);
  pass(31);
  const late = wallet.client.signEcdsaFinalize(wallet.ecdsaFinalizeRequest(begun));
  expect(await outcomeOf(late)).toBe("SIGNING_SESSION_STALE");
  expect(await outcomeOf(wallet.beginEcdsa(given, presignature))).toBe("PRESIGNATURE_POOL_EMPTY");
});

test("an empty pool is PRESIGNATURE_POOL_EMPTY, and once it is filled the same request is signed", async () => {
  const { wallet, token } = await startWallet();
  const presignature = await wallet.presign(token);
  await wallet.signEcdsa(await authorised(wallet, token), presignature);
  const given = await authorised(wallet, token);
  expect(await outcomeOf(wallet.beginEcdsa(given, presignature))).toBe("PRESIGNATURE_POOL_EMPTY");
  const another = await wallet.presign(token);
  expect(await outcomeOf(wallet.beginEcdsa(given, presignature))).toBe("PRESIGNATURE_INVALID");
  expect((await wallet.signEcdsa(given, another)).s).toHaveLength(32);
  expect(await wallet.pool()).toEqual([]);
});

test("a share of a PRF that does not make the key is PRESIGN_ABORTED before there is a presignature", async () => {
  const { wallet, token } = await startWallet();
  const { share, verifyingShare } = new EcdsaWallet(wallet.client, { accountId: wallet.accountId });
  expect(verifyingShare).not.toEqual(wallet.verifyingShare);
  const presign = await ClientPresign.begin(share, wallet.publicKey);
  const { response } = await wallet.client.presignInit(wallet.presignInitRequest(presign, token));
  if (response === undefined) expect.fail("no answer");
  presign.sessionId = response.presignSessionId;
  await presign.take(response);
  let outcome = "answered";
  while (outcome === "answered") outcome = await outcomeOf(wallet.stepPresign(presign));
  expect(outcome).toBe("PRESIGN_ABORTED");
  expect(presign.presignature).toBeUndefined();
  const further = wallet.client.presignStep(wallet.presignStepRequest(presign));
  expect(await outcomeOf(further)).toBe("PRESIGN_SESSION_INVALID");
  expect(await wallet.pool()).toEqual([]);
});
