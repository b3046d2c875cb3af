import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ExportAuditRequest,
  ExportAuditResponseSchema,
} from "@countersign/gen/countersign/admin/v1/audit_pb.ts";
import type { AdminContext } from "../admin-context.ts";
import { findTenant } from "../find-tenant.ts";
import { assertStorable } from "../storable-number.ts";
import { inChunks } from "./chunks.ts";

/** Largest piece of an export, in bytes; a longer line is a piece of its own. */
const CHUNK_BYTES = 65_536;

export function exportAudit(context: AdminContext) {
  return async function* ({
    tenant,
    fromSequence,
  }: ExportAuditRequest): AsyncGenerator<MessageInitShape<typeof ExportAuditResponseSchema>> {
    assertStorable("from_sequence", fromSequence);
    if (tenant !== "") await findTenant(context.ledger, tenant);
    for await (const lines of inChunks(context.auditLines(tenant, fromSequence), CHUNK_BYTES))
      yield { lines };
  };
}
