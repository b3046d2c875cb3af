import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { ResumeRequest, ResumeResponseSchema } from "@countersign/gen/countersign/admin/v1/pause_pb.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { type AdminContext, auditEvent } from "../admin-context.ts";
import { pauseMessage } from "./pause-message.ts";
import { auditTenantOf, pauseTarget } from "./pause-target.ts";

export function resume(context: AdminContext) {
  return async (
    { level, target, reason }: ResumeRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof ResumeResponseSchema>> => {
    const what = pauseTarget(level, target);
    const audit = auditEvent(context, call, {
      tenant: auditTenantOf(what),
      kind: "pause.ended",
      detail: { ...what, reason },
    });
    const ended = await context.ledger.deletePause(what.level, what.target, audit);
    if (ended === undefined) throw new DomainError(ErrorReason.PAUSE_NOT_FOUND, "this is not paused");
    await context.directory.refresh();
    return { pause: pauseMessage(ended) };
  };
}
