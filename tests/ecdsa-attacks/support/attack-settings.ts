import { SCHEME_ID } from "@countersign/crypto/keys-secp256k1.ts";
import { evmSettings } from "../../signer/threshold-ecdsa/support/evm-signer.ts";
import type { SignerSettings } from "../../support/signer-settings.ts";
import { NETWORK } from "../../support/test-relay.ts";

/** More presignatures than a test makes. */
const AMPLE = { per_session: 10_000, per_user_day: 100_000, capacity: 64, concurrent_per_user: 4 };

/** A section `threshold` for both schemes on the relays' network, with the tests' EVM policy. */
export function attackSettings(): SignerSettings {
  return {
    ...evmSettings(),
    master_secrets: [
      { network: NETWORK, epoch: 1, secret: "env:MASTER_1" },
      { scheme: SCHEME_ID, network: NETWORK, epoch: 1, secret: "env:MASTER_ECDSA_1" },
    ],
    presign: AMPLE,
  };
}
