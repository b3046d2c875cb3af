import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type {
  UpdateTenantRequest,
  UpdateTenantResponseSchema,
} from "@countersign/gen/countersign/admin/v1/tenant_pb.ts";
import type { Tenant } from "../../ledger/protection-types.ts";
import { type AdminContext, auditEvent } from "../admin-context.ts";
import { tenantNotFound } from "../find-tenant.ts";
import { assertStorable } from "../storable-number.ts";
import { versionConflict } from "../version-conflict.ts";
import { tenantMessage } from "./tenant-message.ts";
import { invalid, tokenIssuers } from "./token-issuer.ts";

type Change = Partial<Pick<Tenant, "displayName" | "disabled" | "tokenIssuers">>;

export function updateTenant(context: AdminContext) {
  return async (
    request: UpdateTenantRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof UpdateTenantResponseSchema>> => {
    const change = changeOf(request);
    assertStorable("expected_version", request.expectedVersion);
    const audit = auditEvent(context, call, {
      tenant: request.tenant,
      kind: "tenant.updated",
      detail: { version: String(request.expectedVersion + 1n), ...detailOf(change) },
    });
    const result = await context.ledger.updateTenant(request.tenant, request.expectedVersion, change, audit);
    switch (result.outcome) {
      case "not-found":
        throw tenantNotFound(request.tenant);
      case "version-conflict":
        throw versionConflict(`tenant ${request.tenant}`, request.expectedVersion);
      case "issuer-conflict":
        throw invalid("another tenant has an issuer with the same issuer and audience");
      case "updated":
        await context.directory.refresh();
        return { tenant: tenantMessage(result.tenant) };
    }
  };
}

function changeOf({ displayName, disabled, tokenIssuers: issuers }: UpdateTenantRequest): Change {
  return {
    ...(displayName === undefined ? {} : { displayName }),
    ...(disabled === undefined ? {} : { disabled }),
    ...(issuers === undefined ? {} : { tokenIssuers: tokenIssuers(issuers.issuers) }),
  };
}

/** An audit entry has no room for eight of the longest issuers. */
const MAX_NAMED_CHARS = 1024;

/** What was set. */
function detailOf({ displayName, disabled, tokenIssuers: issuers }: Change): Record<string, string | number> {
  const named = issuers?.map(({ issuer, audience }) => `${issuer} ${audience}`).join(", ");
  return {
    ...(displayName === undefined ? {} : { display_name: displayName }),
    ...(disabled === undefined ? {} : { disabled: String(disabled) }),
    ...(issuers === undefined ? {} : { token_issuers: issuers.length }),
    ...(named === undefined ? {} : { issuers: named.slice(0, MAX_NAMED_CHARS) }),
  };
}
