import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { WebhookSchema, WebhookStates } from "@countersign/gen/countersign/admin/v1/webhook_pb.ts";
import { SubmissionState } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import type { TerminalState, Webhook } from "../../ledger/ledger.ts";

const TERMINAL: readonly TerminalState[] = ["SUCCEEDED", "FAILED", "REJECTED", "EXPIRED"];

/** A webhook without its secrets. */
export function webhookMessage(webhook: Webhook): MessageInitShape<typeof WebhookSchema> {
  const { id, tenant, url, description, states, paused, createdAt, secrets } = webhook;
  return {
    ...{ id, tenant, url, description, paused },
    states: states.map((state) => SubmissionState[state]),
    createTime: timestampFromDate(createdAt),
    secrets: secrets.map((secret) => ({
      createTime: timestampFromDate(secret.createdAt),
      ...(secret.expiresAt === null ? {} : { expireTime: timestampFromDate(secret.expiresAt) }),
    })),
  };
}

/** In one order, so that the same states are the same list; the contract lets no others through. */
export function statesFrom(message: WebhookStates | undefined): TerminalState[] {
  return TERMINAL.filter((state) => message?.states.includes(SubmissionState[state]));
}
