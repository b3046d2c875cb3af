import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type DeliverySchema,
  type ListDeliveriesRequest,
  type ListDeliveriesResponseSchema,
  DeliveryState as StateMessage,
} from "@countersign/gen/countersign/admin/v1/webhook_pb.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { Delivery, DeliveryState } from "../../ledger/ledger.ts";
import { eventId } from "../../webhooks/event-id.ts";
import type { AdminContext } from "../admin-context.ts";
import { findWebhook } from "./find-webhook.ts";

const DEFAULT_PAGE_SIZE = 50;
const STATES: readonly DeliveryState[] = ["PENDING", "DELIVERED", "DEAD"];

export function listDeliveries({ ledger }: AdminContext) {
  return async (
    request: ListDeliveriesRequest,
  ): Promise<MessageInitShape<typeof ListDeliveriesResponseSchema>> => {
    const { tenant, webhookId, pageSize, pageToken: token } = request;
    const state = STATES.find((name) => StateMessage[name] === request.state);
    if (state === undefined) throw new DomainError(ErrorReason.FIELD_INVALID, "state must be given");
    const before = token === "" ? undefined : readPageToken(token);
    await findWebhook(ledger, tenant, webhookId);
    const limit = pageSize === 0 ? DEFAULT_PAGE_SIZE : pageSize;
    const found = await ledger.listDeliveries({ webhookId, state, before, limit: limit + 1 });
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return {
      deliveries: page.map(deliveryMessage),
      nextPageToken: last === undefined ? "" : pageToken(last),
    };
  };
}

function deliveryMessage(delivery: Delivery): MessageInitShape<typeof DeliverySchema> {
  const { submissionId, state, attempts, createdAt, lastAttemptAt, dueAt, endedAt } = delivery;
  return {
    eventId: eventId(submissionId),
    submissionId,
    state: StateMessage[state],
    attempts,
    createTime: timestampFromDate(createdAt),
    ...(lastAttemptAt === null ? {} : { lastAttemptTime: timestampFromDate(lastAttemptAt) }),
    ...(dueAt === null ? {} : { nextAttemptTime: timestampFromDate(dueAt) }),
    ...(endedAt === null ? {} : { endTime: timestampFromDate(endedAt) }),
    lastStatus: delivery.lastStatus ?? 0,
    lastProblem: delivery.lastProblem,
  };
}

/** Where the next page goes on: the time and the submission of the last delivery of this one. */
function pageToken({ createdAt, submissionId }: Delivery): string {
  return Buffer.from(`${createdAt.getTime()} ${submissionId}`).toString("base64url");
}

function readPageToken(token: string): { createdAt: Date; submissionId: string } {
  const match = /^(\d{1,15}) (\w{1,64})$/.exec(Buffer.from(token, "base64url").toString("utf8"));
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new DomainError(ErrorReason.PAGE_TOKEN_INVALID, "page_token is not one that ListDeliveries gave");
  }
  return { createdAt: new Date(Number(match[1])), submissionId: match[2] };
}
