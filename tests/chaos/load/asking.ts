import { setTimeout as delay } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import {
  type Submission,
  SubmissionStateSchema,
} from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { errorFromConnect, reasonName } from "@countersign/service-kit";
import type { RelayClient } from "../../support/submitting.ts";
import type { CallEnd } from "../history.ts";

/** How long a caller waits for an answer before it asks again, in milliseconds. */
export const PATIENCE_MS = 4_000;
const PAUSE_MS = 100;

const PASSING_REASONS: readonly ErrorReason[] = [
  ErrorReason.QUEUE_FULL,
  ErrorReason.OVERLOADED,
  ErrorReason.RATE_LIMITED,
];
const PASSING_CODES: readonly Code[] = [Code.Unavailable, Code.DeadlineExceeded, Code.Canceled, Code.Aborted];

/** One try of a call, at one relay. */
export type Try = (client: RelayClient) => Promise<Submission | undefined>;

export interface Asked {
  readonly end: CallEnd;
  /** Tries without an answer. */
  readonly unanswered: number;
}

/**
 * As a careful caller does: repeats the same call, at one relay after the other, until it is accepted or refused for good.
 * When `giveUp` aborts first, it is unanswered.
 */
export async function askSurely(
  relays: readonly (() => RelayClient | undefined)[],
  first: number,
  once: Try,
  giveUp: AbortSignal,
): Promise<Asked> {
  let unanswered = 0;
  let why = "";
  for (let tries = 0; !giveUp.aborted; tries++) {
    const client = relays[(first + tries) % relays.length]?.();
    try {
      const submission = await (client === undefined ? undefined : once(client));
      if (submission !== undefined) {
        const state = SubmissionStateSchema.value[submission.state]?.localName ?? "";
        return { end: { kind: "accepted", submissionId: submission.id, state }, unanswered };
      }
    } catch (error) {
      const failure = errorFromConnect(error);
      why = failure.message;
      const { reason } = failure;
      const isRefusal =
        reason !== undefined && !PASSING_CODES.includes(failure.code) && !PASSING_REASONS.includes(reason);
      if (isRefusal) return { end: { kind: "refused", reason: reasonName(reason) }, unanswered };
      // Also an error with a reason: a relay that knows not what became of a write says so as well.
      unanswered += 1;
    }
    await delay(PAUSE_MS, undefined, { signal: giveUp }).catch(() => undefined);
  }
  return { end: { kind: "unanswered", why }, unanswered };
}
