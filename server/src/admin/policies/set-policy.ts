import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  PolicySchema,
  type SetPolicyRequest,
  type SetPolicyResponseSchema,
} from "@countersign/gen/countersign/admin/v1/policy_pb.ts";
import { policyFromMessage, policyText } from "../../policy/policy-document.ts";
import type { AdminContext } from "../admin-context.ts";
import { putDocument } from "../put-document.ts";
import { policyVersionMessage } from "./policy-version-message.ts";

export function setPolicy(context: AdminContext) {
  return async (
    { tenant, expectedVersion, policy = create(PolicySchema) }: SetPolicyRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof SetPolicyResponseSchema>> => {
    // Throws what is wrong with it.
    policyFromMessage(policy);
    const text = policyText(policy);
    const stored = await putDocument(context, call, { tenant, kind: "policy", text }, expectedVersion);
    return { policy: policyVersionMessage(tenant, stored) };
  };
}
