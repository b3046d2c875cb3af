import { SCHEME_ID } from "@countersign/crypto/keys-secp256k1.ts";
import type { SignerSettings } from "../../../support/signer-settings.ts";
import {
  NETWORK,
  startThresholdSigner,
  type ThresholdSigner,
  type ThresholdSignerOptions,
  thresholdSettings,
} from "../../threshold/support/threshold-signer.ts";

/** A section `threshold` as the Ed25519 tests have it, with a master secret of each scheme. */
export function ecdsaSettings(more: SignerSettings = {}): SignerSettings {
  return thresholdSettings({
    master_secrets: [
      { network: NETWORK, epoch: 1, secret: "env:MASTER_1" },
      { scheme: SCHEME_ID, network: NETWORK, epoch: 1, secret: "env:MASTER_ECDSA_1" },
    ],
    ...more,
  });
}

/** A signer that serves both schemes, drained when the test ends. */
export function startEcdsaSigner(options: ThresholdSignerOptions = {}): Promise<ThresholdSigner> {
  return startThresholdSigner({ threshold: ecdsaSettings(), ...options });
}
