import type { HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { WatchSubmissionRequest } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { callerOf } from "../access/caller.ts";
import { isTerminal } from "../tx/states.ts";
import { findSubmission } from "./get-submission.ts";
import type { RelayContext } from "./relay-context.ts";
import { submissionMessage } from "./submission-message.ts";

export function watchSubmission({ ledger, changes }: RelayContext) {
  return async function* ({ submissionId, cursor }: WatchSubmissionRequest, call: HandlerContext) {
    let submission = await findSubmission(ledger, callerOf(call.values), submissionId);
    let seen = readCursor(cursor, submission.transitions.length);
    for (;;) {
      for (; seen < submission.transitions.length; seen++) {
        yield { submission: submissionMessage(submission, seen + 1), cursor: String(seen + 1) };
      }
      if (isTerminal(submission.state)) return;
      const next = await changes.until(
        submission,
        ({ transitions }) => transitions.length > seen,
        call.signal,
      );
      if (next === undefined) return;
      submission = next;
    }
  };
}

/** A cursor is the number of states that were received. */
function readCursor(cursor: string, states: number): number {
  if (cursor === "") return 0;
  const seen = /^[1-9]\d{0,5}$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (seen <= states) return seen;
  throw new DomainError(
    ErrorReason.CURSOR_INVALID,
    "cursor is not one that WatchSubmission gave for this id",
  );
}
