import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  GetPolicyRequest,
  GetPolicyResponseSchema,
} from "@countersign/gen/countersign/admin/v1/policy_pb.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { AdminContext } from "../admin-context.ts";
import { findTenant } from "../find-tenant.ts";
import { assertStorable } from "../storable-number.ts";
import { policyVersionMessage } from "./policy-version-message.ts";

export function getPolicy({ ledger }: AdminContext) {
  return async ({
    tenant,
    version,
  }: GetPolicyRequest): Promise<MessageInitShape<typeof GetPolicyResponseSchema>> => {
    assertStorable("version", version);
    await findTenant(ledger, tenant);
    const document = await ledger.getDocument(tenant, "policy", version === 0n ? undefined : version);
    if (document === undefined && version !== 0n) {
      throw new DomainError(ErrorReason.FIELD_INVALID, `version: the policy has no version ${version}`);
    }
    return { policy: policyVersionMessage(tenant, document) };
  };
}
