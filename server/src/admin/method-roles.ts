import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { ADMIN_ROLES, type AdminRole } from "../config/admin-section.ts";

/**
 * The least role that each method needs, by service and method. Health is answered to everybody and stands nowhere
 * here.
 */
const METHOD_ROLES: Readonly<Record<string, AdminRole>> = {
  "countersign.admin.v1.TenantService/CreateTenant": "admin",
  "countersign.admin.v1.TenantService/GetTenant": "viewer",
  "countersign.admin.v1.TenantService/ListTenants": "viewer",
  "countersign.admin.v1.TenantService/UpdateTenant": "admin",
  "countersign.admin.v1.ApiKeyService/CreateApiKey": "admin",
  "countersign.admin.v1.ApiKeyService/ListApiKeys": "viewer",
  "countersign.admin.v1.ApiKeyService/RotateApiKey": "admin",
  "countersign.admin.v1.ApiKeyService/RevokeApiKey": "operator",
  "countersign.admin.v1.PolicyService/GetPolicy": "viewer",
  "countersign.admin.v1.PolicyService/SetPolicy": "admin",
  "countersign.admin.v1.PolicyService/TestPolicy": "viewer",
  "countersign.admin.v1.LimitsService/GetLimits": "viewer",
  "countersign.admin.v1.LimitsService/SetLimits": "admin",
  "countersign.admin.v1.LimitsService/GetUsage": "viewer",
  "countersign.admin.v1.PauseService/Pause": "operator",
  "countersign.admin.v1.PauseService/Resume": "operator",
  "countersign.admin.v1.PauseService/ListPauses": "viewer",
  "countersign.admin.v1.WebhookService/CreateWebhook": "operator",
  "countersign.admin.v1.WebhookService/ListWebhooks": "viewer",
  "countersign.admin.v1.WebhookService/UpdateWebhook": "operator",
  "countersign.admin.v1.WebhookService/RotateWebhookSecret": "operator",
  "countersign.admin.v1.WebhookService/DeleteWebhook": "operator",
  "countersign.admin.v1.WebhookService/ListDeliveries": "viewer",
  "countersign.admin.v1.WebhookService/RedriveDeliveries": "operator",
  "countersign.admin.v1.WebhookService/TestWebhook": "operator",
  "countersign.admin.v1.KeyPoolService/ListKeyPools": "viewer",
  "countersign.admin.v1.KeyPoolService/StartKeyOperation": "operator",
  "countersign.admin.v1.KeyPoolService/GetKeyOperation": "viewer",
  "countersign.admin.v1.KeyPoolService/ListKeyOperations": "viewer",
  "countersign.admin.v1.KeyPoolService/CancelKeyOperation": "operator",
  "countersign.admin.v1.AuditService/ExportAudit": "viewer",
  "grpc.reflection.v1.ServerReflection/ServerReflectionInfo": "viewer",
  "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": "viewer",
};

/** The least role that the method needs; undefined for one that nobody may call. */
export function roleFor(method: DescMethod): AdminRole | undefined {
  return METHOD_ROLES[`${method.parent.typeName}/${method.name}`];
}

/** Whether somebody in role `held` may do what needs role `needed`. */
export function includesRole(held: AdminRole, needed: AdminRole): boolean {
  return ADMIN_ROLES.indexOf(held) >= ADMIN_ROLES.indexOf(needed);
}

/** Throws when a method has no role: a new one is not served before somebody has decided who may call it. */
export function assertRoles(services: readonly DescService[]): void {
  const missing = services.flatMap((s) => s.methods).filter((method) => roleFor(method) === undefined);
  if (missing.length === 0) return;
  throw new Error(
    `methods without a role: ${missing.map((m) => `${m.parent.typeName}/${m.name}`).join(", ")}`,
  );
}
