import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { SignInSchema, TenantSchema } from "@countersign/gen/countersign/admin/v1/tenant_pb.ts";
import type { Tenant } from "../../ledger/protection-types.ts";
import type { SignInSettings } from "../../session/ports.ts";

export function tenantMessage(tenant: Tenant): MessageInitShape<typeof TenantSchema> {
  return {
    id: tenant.id,
    displayName: tenant.displayName,
    disabled: tenant.disabled,
    tokenIssuers: tenant.tokenIssuers.map((issuer) => ({
      ...issuer,
      algorithms: [...issuer.algorithms],
      scopes: [...issuer.scopes],
    })),
    ...(tenant.signIn === null ? {} : { signIn: signInMessage(tenant.signIn) }),
    version: tenant.version,
    createTime: timestampFromDate(tenant.createdAt),
  };
}

function signInMessage(signIn: SignInSettings): MessageInitShape<typeof SignInSchema> {
  return {
    relyingParties: signIn.relyingParties.map((party) => ({ ...party, origins: [...party.origins] })),
    providers: signIn.providers.map((provider) => ({ ...provider })),
    scopes: [...signIn.scopes],
  };
}
