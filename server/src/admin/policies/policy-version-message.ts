import { fromJsonString, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { PolicySchema, type PolicyVersionSchema } from "@countersign/gen/countersign/admin/v1/policy_pb.ts";
import type { StoredDocument } from "../../ledger/protection-types.ts";

/** Undefined stands for a tenant that has no policy. */
export function policyVersionMessage(
  tenant: string,
  document: StoredDocument | undefined,
): MessageInitShape<typeof PolicyVersionSchema> {
  if (document === undefined) return { tenant, policy: {} };
  return {
    tenant,
    version: document.version,
    policy: fromJsonString(PolicySchema, document.text),
    author: document.author,
    createTime: timestampFromDate(document.createdAt),
  };
}
