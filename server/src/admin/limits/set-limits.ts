import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  LimitsSchema,
  type SetLimitsRequest,
  type SetLimitsResponseSchema,
} from "@countersign/gen/countersign/admin/v1/limits_pb.ts";
import { limitsText } from "../../tenant/limits.ts";
import type { AdminContext } from "../admin-context.ts";
import { putDocument } from "../put-document.ts";
import { limitsVersionMessage } from "./limits-version-message.ts";

export function setLimits(context: AdminContext) {
  return async (
    { tenant, expectedVersion, limits = create(LimitsSchema) }: SetLimitsRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof SetLimitsResponseSchema>> => {
    const text = limitsText(limits);
    const stored = await putDocument(context, call, { tenant, kind: "limits", text }, expectedVersion);
    return { limits: limitsVersionMessage(tenant, stored) };
  };
}
