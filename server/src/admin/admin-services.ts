import { ApiKeyService } from "@countersign/gen/countersign/admin/v1/api_key_service_pb.ts";
import { AuditService } from "@countersign/gen/countersign/admin/v1/audit_service_pb.ts";
import { KeyPoolService } from "@countersign/gen/countersign/admin/v1/key_pool_service_pb.ts";
import { LimitsService } from "@countersign/gen/countersign/admin/v1/limits_service_pb.ts";
import { PauseService } from "@countersign/gen/countersign/admin/v1/pause_service_pb.ts";
import { PolicyService } from "@countersign/gen/countersign/admin/v1/policy_service_pb.ts";
import { TenantService } from "@countersign/gen/countersign/admin/v1/tenant_service_pb.ts";
import { WebhookService } from "@countersign/gen/countersign/admin/v1/webhook_service_pb.ts";
import { type ServedService, serve } from "@countersign/service-kit";
import type { AdminContext } from "./admin-context.ts";
import { createApiKey } from "./api-keys/create-api-key.ts";
import { listApiKeys } from "./api-keys/list-api-keys.ts";
import { revokeApiKey } from "./api-keys/revoke-api-key.ts";
import { rotateApiKey } from "./api-keys/rotate-api-key.ts";
import { exportAudit } from "./audit/export-audit.ts";
import { cancelKeyOperation } from "./key-pool/cancel-key-operation.ts";
import { getKeyOperation } from "./key-pool/get-key-operation.ts";
import { listKeyOperations } from "./key-pool/list-key-operations.ts";
import { listKeyPools } from "./key-pool/list-key-pools.ts";
import { startKeyOperation } from "./key-pool/start-key-operation.ts";
import { getLimits } from "./limits/get-limits.ts";
import { getUsage } from "./limits/get-usage.ts";
import { setLimits } from "./limits/set-limits.ts";
import { listPauses } from "./pauses/list-pauses.ts";
import { pause } from "./pauses/pause.ts";
import { resume } from "./pauses/resume.ts";
import { getPolicy } from "./policies/get-policy.ts";
import { setPolicy } from "./policies/set-policy.ts";
import { testPolicy } from "./policies/test-policy.ts";
import { createTenant } from "./tenants/create-tenant.ts";
import { getTenant } from "./tenants/get-tenant.ts";
import { listTenants } from "./tenants/list-tenants.ts";
import { updateTenant } from "./tenants/update-tenant.ts";
import { createWebhook } from "./webhooks/create-webhook.ts";
import { deleteWebhook } from "./webhooks/delete-webhook.ts";
import { listDeliveries } from "./webhooks/list-deliveries.ts";
import { listWebhooks } from "./webhooks/list-webhooks.ts";
import { redriveDeliveries } from "./webhooks/redrive-deliveries.ts";
import { rotateWebhookSecret } from "./webhooks/rotate-webhook-secret.ts";
import { testWebhook } from "./webhooks/test-webhook.ts";
import { updateWebhook } from "./webhooks/update-webhook.ts";

/** The services of countersign.admin.v1, one file for each RPC. */
export function adminServices(context: AdminContext): ServedService[] {
  return [
    serve(TenantService, {
      createTenant: createTenant(context),
      getTenant: getTenant(context),
      listTenants: listTenants(context),
      updateTenant: updateTenant(context),
    }),
    serve(ApiKeyService, {
      createApiKey: createApiKey(context),
      listApiKeys: listApiKeys(context),
      rotateApiKey: rotateApiKey(context),
      revokeApiKey: revokeApiKey(context),
    }),
    serve(PolicyService, {
      getPolicy: getPolicy(context),
      setPolicy: setPolicy(context),
      testPolicy: testPolicy(context),
    }),
    serve(LimitsService, {
      getLimits: getLimits(context),
      setLimits: setLimits(context),
      getUsage: getUsage(context),
    }),
    serve(PauseService, { pause: pause(context), resume: resume(context), listPauses: listPauses(context) }),
    serve(WebhookService, {
      createWebhook: createWebhook(context),
      listWebhooks: listWebhooks(context),
      updateWebhook: updateWebhook(context),
      rotateWebhookSecret: rotateWebhookSecret(context),
      deleteWebhook: deleteWebhook(context),
      listDeliveries: listDeliveries(context),
      redriveDeliveries: redriveDeliveries(context),
      testWebhook: testWebhook(context),
    }),
    serve(KeyPoolService, {
      listKeyPools: listKeyPools(context),
      startKeyOperation: startKeyOperation(context),
      getKeyOperation: getKeyOperation(context),
      listKeyOperations: listKeyOperations(context),
      cancelKeyOperation: cancelKeyOperation(context),
    }),
    serve(AuditService, { exportAudit: exportAudit(context) }),
  ];
}
