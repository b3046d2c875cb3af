import { fromJsonString, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { LimitsSchema, type LimitsVersionSchema } from "@countersign/gen/countersign/admin/v1/limits_pb.ts";
import type { StoredDocument } from "../../ledger/protection-types.ts";

/** Undefined stands for a tenant that has no limits. */
export function limitsVersionMessage(
  tenant: string,
  document: StoredDocument | undefined,
): MessageInitShape<typeof LimitsVersionSchema> {
  if (document === undefined) return { tenant, limits: {} };
  return {
    tenant,
    version: document.version,
    limits: fromJsonString(LimitsSchema, document.text),
    author: document.author,
    createTime: timestampFromDate(document.createdAt),
  };
}
