import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { GetSubmissionRequest } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { Ledger, Submission } from "../ledger/ledger.ts";
import { ANONYMOUS } from "./caller.ts";
import type { RelayContext } from "./relay-context.ts";
import { submissionMessage } from "./submission-message.ts";

export function getSubmission({ ledger }: RelayContext) {
  return async ({ submissionId }: GetSubmissionRequest) => ({
    submission: submissionMessage(await findSubmission(ledger, submissionId)),
  });
}

/** The caller's submission; throws DomainError SUBMISSION_NOT_FOUND, the same for one of somebody else. */
export async function findSubmission(ledger: Ledger, submissionId: string): Promise<Submission> {
  const submission = await ledger.getSubmission(ANONYMOUS.tenant, submissionId);
  if (submission !== undefined) return submission;
  throw new DomainError(ErrorReason.SUBMISSION_NOT_FOUND, "there is no submission of this id");
}
