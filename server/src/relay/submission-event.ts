import { create, toJsonString } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { SubmissionEventSchema } from "@countersign/gen/countersign/relay/v1/submission_event_pb.ts";
import type { Submission } from "../ledger/ledger.ts";
import { eventId } from "../webhooks/event-id.ts";
import type { WebhookEvent } from "../webhooks/send-event.ts";
import { submissionMessage } from "./submission-message.ts";

/** The event that tells of a submission's end; the same text each time. */
export function submissionEvent(submission: Submission, endedAt: Date): WebhookEvent {
  const id = eventId(submission.id);
  const message = create(SubmissionEventSchema, {
    id,
    type: `submission.${submission.state.toLowerCase()}`,
    createTime: timestampFromDate(endedAt),
    tenant: submission.tenant,
    submission: submissionMessage(submission),
  });
  return { id, body: toJsonString(SubmissionEventSchema, message) };
}

/** An event that is about no submission. */
export function testEvent(tenant: string, at: Date, random: Uint8Array): WebhookEvent {
  const id = `evt_test_${Buffer.from(random).toString("hex")}`;
  const message = create(SubmissionEventSchema, {
    id,
    type: "webhook.test",
    createTime: timestampFromDate(at),
    tenant,
  });
  return { id, body: toJsonString(SubmissionEventSchema, message) };
}
