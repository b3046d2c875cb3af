import { createHash } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type {
  UpdateTenantRequest,
  UpdateTenantResponseSchema,
} from "@countersign/gen/countersign/admin/v1/tenant_pb.ts";
import type { TenantChange, TokenIssuer } from "../../ledger/protection-types.ts";
import type { SignInSettings } from "../../session/ports.ts";
import { type AdminContext, auditEvent } from "../admin-context.ts";
import { tenantNotFound } from "../find-tenant.ts";
import { assertStorable } from "../storable-number.ts";
import { versionConflict } from "../version-conflict.ts";
import { invalidSignIn, signInSettings } from "./sign-in.ts";
import { tenantMessage } from "./tenant-message.ts";
import { invalid, tokenIssuers } from "./token-issuer.ts";

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
      case "relying-party-conflict":
        throw invalidSignIn("another tenant has a relying party of the same id");
      case "updated":
        await context.directory.refresh();
        return { tenant: tenantMessage(result.tenant) };
    }
  };
}

function changeOf(request: UpdateTenantRequest): TenantChange {
  const { displayName, disabled, tokenIssuers: issuers, signIn } = request;
  return {
    ...(displayName === undefined ? {} : { displayName }),
    ...(disabled === undefined ? {} : { disabled }),
    ...(issuers === undefined ? {} : { tokenIssuers: tokenIssuers(issuers.issuers) }),
    ...(signIn === undefined ? {} : { signIn: signInSettings(signIn) }),
  };
}

/** Of each list: an audit entry has no room for eight of the longest issuers. */
const MAX_NAMED_CHARS = 1024;

/** What was set. */
function detailOf(change: TenantChange): Record<string, string | number> {
  const { displayName, disabled, tokenIssuers: issuers, signIn } = change;
  return {
    ...(displayName === undefined ? {} : { display_name: displayName }),
    ...(disabled === undefined ? {} : { disabled: String(disabled) }),
    ...(issuers === undefined ? {} : { token_issuers: issuers.length, issuers: listed(issuers.map(nameOf)) }),
    ...(signIn === undefined ? {} : signInDetail(signIn)),
  };
}

function nameOf({ issuer, audience }: TokenIssuer): string {
  return `${issuer} ${audience}`;
}

function signInDetail(signIn: SignInSettings | null): Record<string, string> {
  const { relyingParties = [], providers = [], scopes = [] } = signIn ?? {};
  const origins = relyingParties.flatMap((party) => party.origins);
  return {
    relying_parties: listed(relyingParties.map(({ id }) => id)),
    wallet_origins: listed(origins),
    identity_providers: listed(providers.map(({ id, clientId }) => `${id} ${clientId}`)),
    sign_in_scopes: scopes.join(","),
    // The lists may be cut: of the settings whole, as the ledger keeps them.
    sign_in_sha256: createHash("sha256").update(JSON.stringify(signIn)).digest("hex"),
  };
}

function listed(names: readonly string[]): string {
  return names.join(", ").slice(0, MAX_NAMED_CHARS);
}
