import type { HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { GetSubmissionRequest } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { type Caller, callerOf } from "../access/caller.ts";
import type { Ledger, Submission } from "../ledger/ledger.ts";
import type { RelayContext } from "./relay-context.ts";
import { submissionMessage } from "./submission-message.ts";

export function getSubmission({ ledger }: RelayContext) {
  return async ({ submissionId }: GetSubmissionRequest, call: HandlerContext) => ({
    submission: submissionMessage(await findSubmission(ledger, callerOf(call.values), submissionId)),
  });
}

/** Whether a submission of the caller's tenant is the caller's: an end user sees its own ones only. */
export function maySee({ endUser, id }: Caller, submission: Submission): boolean {
  return endUser === null || submission.caller === id;
}

/** The caller's submission; throws DomainError SUBMISSION_NOT_FOUND, the same for one of somebody else. */
export async function findSubmission(
  ledger: Ledger,
  caller: Caller,
  submissionId: string,
): Promise<Submission> {
  const submission = await ledger.getSubmission(caller.tenant, submissionId);
  if (submission !== undefined && maySee(caller, submission)) return submission;
  throw new DomainError(ErrorReason.SUBMISSION_NOT_FOUND, "there is no submission of this id");
}
