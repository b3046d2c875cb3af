import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  SubmissionKind,
  type Submission as SubmissionMessage,
  SubmissionSchema,
  SubmissionState,
} from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { reasonFromName } from "@countersign/service-kit";
import type { Submission } from "../ledger/ledger.ts";

/** A change of the relay's own keys is no tenant's, and on no contract for tenants. */
const KINDS = {
  DELEGATE: SubmissionKind.DELEGATE,
  CREATE_ACCOUNT: SubmissionKind.CREATE_ACCOUNT,
  KEY_CHANGE: undefined,
} as const satisfies Record<Submission["kind"], SubmissionKind | undefined>;

/** The contract's message for a submission, with its transitions up to `upTo` (all without it). Throws for what is no tenant's. */
export function submissionMessage(submission: Submission, upTo?: number): SubmissionMessage {
  const kind = KINDS[submission.kind];
  if (kind === undefined) throw new Error("a submission of the relay's own came to a tenant's side");
  const transitions = submission.transitions.slice(0, upTo);
  const state = transitions.at(-1)?.state ?? submission.state;
  const isCurrent = transitions.length === submission.transitions.length;
  const { transaction, cost, failure } = submission;
  const message: MessageInitShape<typeof SubmissionSchema> = {
    id: submission.id,
    kind,
    state: SubmissionState[state],
    network: submission.network,
    accountId: submission.accountId,
    receiverId: submission.receiverId,
    delegateHash: submission.delegateHash ?? "",
    transitions: transitions.map(({ state, at }) => ({
      state: SubmissionState[state],
      time: timestampFromDate(at),
    })),
  };
  if (transaction !== null && state !== "ACCEPTED") {
    message.transaction = { ...transaction, blockHash: transaction.blockHash ?? "" };
  }
  if (isCurrent && cost !== null) {
    message.cost = {
      gasBurnt: cost.gasBurnt,
      tokensBurnt: cost.tokensBurnt.toString(),
      deposit: cost.deposit.toString(),
    };
  }
  if (isCurrent && failure !== null) message.failure = { ...failure, reason: reasonFromName(failure.reason) };
  return create(SubmissionSchema, message);
}
