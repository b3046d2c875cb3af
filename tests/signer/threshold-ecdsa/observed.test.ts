import { expect, test } from "vitest";
import { outcomeOf } from "../threshold/support/reason.ts";
import { EcdsaWallet } from "./support/ecdsa-client.ts";
import { startEcdsaSigner } from "./support/ecdsa-signer.ts";
import { evmMessage } from "./support/evm-payloads.ts";
import { evmSettings } from "./support/evm-signer.ts";

test("log and metrics tell of every call of a signature, and hold no secret", async () => {
  const signer = await startEcdsaSigner({ threshold: evmSettings() });
  const wallet = await EcdsaWallet.withKey(signer.client);
  const token = await wallet.mint();
  const presignature = await wallet.presign(token);
  expect(await wallet.pool()).toHaveLength(1);
  const [given] = await wallet.authorizeEcdsa(evmMessage().payload, token);
  const begun = await wallet.beginEcdsa(given ?? expect.fail("nothing was authorised"), presignature);
  const { caller, request } = wallet.ecdsaFinalizeRequest(begun);
  const swapped = { caller, request: { ...request, digest: new Uint8Array(32) } };
  expect(await outcomeOf(wallet.client.signEcdsaFinalize(swapped))).toBe("DIGEST_MISMATCH");
  const { response } = await wallet.client.signEcdsaFinalize({ caller, request });
  const share = response?.message?.data ?? new Uint8Array();
  wallet.combine(begun, share);

  const logged = signer.logged();
  const secrets = [
    begun.clientEntropy,
    begun.relayerEntropy,
    share.slice(-32),
    presignature.k,
    presignature.sigma,
  ];
  for (const secret of secrets) {
    const bytes = Buffer.from(secret);
    for (const encoding of ["hex", "base64", "base64url"] as const) {
      expect(logged).not.toContain(bytes.toString(encoding).slice(0, 40));
    }
  }
  expect(logged).not.toContain(token.slice(4));
  const told = (method: string) =>
    logged
      .split("\n")
      .filter((line) => line.includes(`"rpc_method":"${method}"`) && line.includes(wallet.keyId));
  const metrics = await (await fetch(`${signer.operationsAddress}/metrics`)).text();
  const counted = (method: string, outcome: string, reason: string) =>
    `countersign_signer_threshold_calls_total{method="${method}",outcome="${outcome}",reason="${reason}"} 1`;
  const once = ["AuthorizeEcdsa", "PresignInit", "SignEcdsaInit", "SignEcdsaFinalize", "GetPresignaturePool"];
  for (const method of once) {
    expect(told(method).length, method).toBeGreaterThan(0);
    expect(metrics).toContain(counted(method, "succeeded", ""));
  }
  expect(told("PresignStep")).toHaveLength(4);
  expect(told("SignEcdsaFinalize").some((line) => line.includes("DIGEST_MISMATCH"))).toBe(true);
  expect(metrics).toContain(counted("SignEcdsaFinalize", "denied", "DIGEST_MISMATCH"));
});
