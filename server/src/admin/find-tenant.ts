import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { ProtectionStore, Tenant } from "../ledger/protection-types.ts";

/** The tenant, as the ledger has it now. Throws TENANT_NOT_FOUND. */
export async function findTenant(store: Pick<ProtectionStore, "snapshot">, id: string): Promise<Tenant> {
  const found = (await store.snapshot()).tenants.find((tenant) => tenant.id === id);
  if (found === undefined) throw tenantNotFound(id);
  return found;
}

export function tenantNotFound(id: string): DomainError {
  return new DomainError(ErrorReason.TENANT_NOT_FOUND, `there is no tenant ${id}`);
}
