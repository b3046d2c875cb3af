import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  PauseMode as ModeMessage,
  type PauseRequest,
  type PauseResponseSchema,
} from "@countersign/gen/countersign/admin/v1/pause_pb.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { PauseLevel } from "../../ledger/protection-types.ts";
import { authorOf } from "../admin-caller.ts";
import { type AdminContext, auditEvent } from "../admin-context.ts";
import { findTenant } from "../find-tenant.ts";
import { pauseMessage } from "./pause-message.ts";
import { auditTenantOf, pauseTarget } from "./pause-target.ts";

/** What can be held back after it was accepted. */
const HOLDABLE: readonly PauseLevel[] = ["RELAY", "TENANT"];

export function pause(context: AdminContext) {
  return async (
    { level, target, mode: modeMessage, reason }: PauseRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof PauseResponseSchema>> => {
    const what = pauseTarget(level, target);
    const mode = modeMessage === ModeMessage.HOLD ? "HOLD" : "DRAIN";
    if (mode === "HOLD" && !HOLDABLE.includes(what.level)) {
      throw new DomainError(ErrorReason.FIELD_INVALID, "mode HOLD is only for RELAY and TENANT");
    }
    if (what.level === "TENANT") await findTenant(context.ledger, what.target);
    const audit = auditEvent(context, call, {
      tenant: auditTenantOf(what),
      kind: "pause.set",
      detail: { ...what, mode, reason },
    });
    const author = authorOf(call.values);
    const id = `pause_${Buffer.from(context.randomBytes(8)).toString("hex")}`;
    const stored = await context.ledger.putPause(
      { ...what, id, mode, reason, author, createdAt: audit.at },
      audit,
    );
    await context.directory.refresh();
    return { pause: pauseMessage(stored) };
  };
}
