import { join } from "node:path";
import { SCHEME_ID } from "@countersign/crypto/keys-secp256k1.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import {
  NETWORK,
  startThresholdSigner,
  type ThresholdSignerOptions,
} from "../../threshold/support/threshold-signer.ts";
import type { ClientPresign } from "./client-presign.ts";
import { type BegunEcdsa, EcdsaWallet } from "./ecdsa-client.ts";
import { evmMessage } from "./evm-payloads.ts";
import { evmSettings } from "./evm-signer.ts";

/** A signer that an operator has started again, on the same store, with other master secrets for ECDSA. */
export interface ChangedEcdsaSigner {
  /** Its key was made before. */
  readonly wallet: EcdsaWallet;
  readonly token: string;
  /** Begun before. */
  readonly presign: ClientPresign;
  readonly begun: BegunEcdsa;
}

/** By epoch, which secret is configured: "MASTER_ECDSA_1" was that of epoch 1. */
export type EcdsaSecrets = Readonly<Record<number, "MASTER_ECDSA_1" | "MASTER_ECDSA_2">>;

export async function changedEcdsaSigner(
  secrets: EcdsaSecrets,
  options: ThresholdSignerOptions = {},
): Promise<ChangedEcdsaSigner> {
  const settings = { store: { url: `sqlite:${join(temporaryDirectory(), "signer.db")}` } };
  const before = await startThresholdSigner({ ...options, settings, threshold: evmSettings() });
  const wallet = await EcdsaWallet.withKey(before.client);
  const token = await wallet.mint();
  const presignature = await wallet.presign(token);
  const [given] = await wallet.authorizeEcdsa(evmMessage().payload, token);
  if (given === undefined) throw new Error("nothing was authorised");
  const begun = await wallet.beginEcdsa(given, presignature);
  const presign = await wallet.beginPresign(token);
  await before.drain();
  const master_secrets = Object.entries(secrets).map(([epoch, name]) => {
    return { scheme: SCHEME_ID, network: NETWORK, epoch: Number(epoch), secret: `env:${name}` };
  });
  const signer = await startThresholdSigner({
    ...options,
    settings,
    threshold: { ...evmSettings(), master_secrets },
  });
  return { wallet: wallet.at(signer.client), token, presign, begun };
}
