import { createHash } from "node:crypto";
import type { HandlerContext } from "@connectrpc/connect";
import type { StoredDocument } from "../ledger/protection-types.ts";
import { authorOf } from "./admin-caller.ts";
import { type AdminContext, auditEvent } from "./admin-context.ts";
import { tenantNotFound } from "./find-tenant.ts";
import { assertStorable } from "./storable-number.ts";
import { versionConflict } from "./version-conflict.ts";

/**
 * Stores the next version of a tenant's document. The audit log gets its SHA-256: the text itself may be longer than
 * an entry. Throws TENANT_NOT_FOUND and VERSION_CONFLICT.
 */
export async function putDocument(
  context: AdminContext,
  call: HandlerContext,
  { tenant, kind, text }: Pick<StoredDocument, "tenant" | "kind" | "text">,
  expectedVersion: bigint,
): Promise<StoredDocument> {
  assertStorable("expected_version", expectedVersion);
  const sha256 = createHash("sha256").update(text).digest("hex");
  const audit = auditEvent(context, call, {
    tenant,
    kind: `${kind}.set`,
    detail: { version: String(expectedVersion + 1n), sha256 },
  });
  const result = await context.ledger.putDocument(
    { tenant, kind, text, author: authorOf(call.values), createdAt: audit.at },
    expectedVersion,
    audit,
  );
  switch (result.outcome) {
    case "tenant-not-found":
      throw tenantNotFound(tenant);
    case "version-conflict":
      throw versionConflict(`the ${kind} of ${tenant}`, expectedVersion);
    case "stored":
    case "repeated":
      await context.directory.refresh();
      return result.document;
  }
}
