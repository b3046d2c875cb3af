import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ListApiKeysRequest,
  ListApiKeysResponseSchema,
} from "@countersign/gen/countersign/admin/v1/api_key_pb.ts";
import type { AdminContext } from "../admin-context.ts";
import { findTenant } from "../find-tenant.ts";
import { apiKeyMessage } from "./api-key-message.ts";

export function listApiKeys({ ledger }: AdminContext) {
  return async ({
    tenant,
  }: ListApiKeysRequest): Promise<MessageInitShape<typeof ListApiKeysResponseSchema>> => {
    await findTenant(ledger, tenant);
    const keys = await ledger.listApiKeys(tenant);
    const ordered = keys.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
    return { keys: ordered.map(apiKeyMessage) };
  };
}
