import type { SignerSettings } from "../../../support/signer-settings.ts";
import {
  ORIGIN,
  OTHER_RP_ID,
  OTHER_TENANT,
  RP_ID,
  TENANT,
} from "../../threshold/support/threshold-signer.ts";
import { ecdsaSettings } from "./ecdsa-signer.ts";
import { EVM_POLICY } from "./evm-payloads.ts";

/** A section `threshold` for both schemes, and both tenants, of which the first has this policy for EVM. */
export function evmSettings(evm: SignerSettings = EVM_POLICY): SignerSettings {
  return ecdsaSettings({
    tenants: [
      { tenant: TENANT, relying_parties: [{ id: RP_ID, origins: [ORIGIN] }], export: true, evm },
      { tenant: OTHER_TENANT, relying_parties: [{ id: OTHER_RP_ID, origins: ["https://globex.example"] }] },
    ],
  });
}
