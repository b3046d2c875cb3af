import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type {
  ListSubmissionsRequest,
  ListSubmissionsResponseSchema,
} from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { SubmissionState } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { callerOf } from "../access/caller.ts";
import type { Submission } from "../ledger/ledger.ts";
import { SUBMISSION_STATES } from "../tx/states.ts";
import type { RelayContext } from "./relay-context.ts";
import { submissionMessage } from "./submission-message.ts";

const DEFAULT_PAGE_SIZE = 50;

export function listSubmissions({ ledger }: RelayContext) {
  return async (
    request: ListSubmissionsRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof ListSubmissionsResponseSchema>> => {
    const caller = callerOf(call.values);
    const limit = request.pageSize === 0 ? DEFAULT_PAGE_SIZE : request.pageSize;
    const found = await ledger.listSubmissions({
      tenant: caller.tenant,
      caller: caller.endUser === null ? undefined : caller.id,
      accountId: request.filter?.accountId || undefined,
      state: SUBMISSION_STATES.find((state) => SubmissionState[state] === request.filter?.state),
      before: request.pageToken === "" ? undefined : readPageToken(request.pageToken),
      limit: limit + 1,
    });
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return {
      submissions: page.map((submission) => submissionMessage(submission)),
      nextPageToken: last === undefined ? "" : pageToken(last),
    };
  };
}

/** Where the next page goes on: the time and the id of the last submission of this one. */
function pageToken({ createdAt, id }: Submission): string {
  return Buffer.from(`${createdAt.getTime()} ${id}`).toString("base64url");
}

function readPageToken(token: string): { createdAt: Date; id: string } {
  const match = /^(\d{1,15}) (sub_[0-9a-z]{26})$/.exec(Buffer.from(token, "base64url").toString("utf8"));
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new DomainError(ErrorReason.PAGE_TOKEN_INVALID, "page_token is not one that ListSubmissions gave");
  }
  return { createdAt: new Date(Number(match[1])), id: match[2] };
}
