import { OTHER_RP_ID, OTHER_TENANT, RP_ID, TENANT } from "../../signer/threshold/support/threshold-signer.ts";
import { OPEN_POLICY, type SeededTenant } from "../../support/test-tenant.ts";

/** Both tenants of the signer's tests, whose users sign in with passkeys. */
export const WALLET_TENANTS: readonly SeededTenant[] = [
  walletTenant(TENANT, RP_ID),
  walletTenant(OTHER_TENANT, OTHER_RP_ID),
];

function walletTenant(tenant: string, rpId: string): SeededTenant {
  const origins = [`https://${rpId}`];
  return {
    tenant,
    policy: { ...OPEN_POLICY, allowedOrigins: origins },
    signIn: {
      relyingParties: [{ id: rpId, name: "Wallet", origins, userVerificationOptional: false }],
      providers: [],
      scopes: ["read", "submit", "threshold"],
    },
  };
}
