import { timestampMs } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import {
  type Submission,
  type SubmissionState,
  SubmissionStateSchema,
} from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { ErrorInfoSchema } from "@countersign/gen/google/rpc/error_details_pb.ts";
import type { Protocol, RelayClient } from "./protocols.ts";

/** In place of a protocol, for what an operator does. */
export const COMMAND_LINE = "command line";

/** How a step came out. Amounts in yoctoNEAR. */
export interface StepResult {
  readonly step: string;
  readonly protocol: Protocol | typeof COMMAND_LINE;
  /** A terminal state, the reason of a refusal, or what a command says. */
  readonly expected: string;
  readonly got: string;
  readonly ok: boolean;
  readonly submission: Submission | undefined;
  /** Milliseconds from the call to its answer and to each state. */
  readonly timesMs: Readonly<Record<string, number>>;
}

export interface Step {
  readonly step: string;
  readonly protocol: Protocol;
  readonly expected: string;
  /** Makes the call. */
  readonly call: (client: RelayClient) => Promise<{ submission?: Submission | undefined }>;
}

/** Makes a step's call, watches what it accepted to the end, and compares. */
export async function take(step: Step, client: RelayClient): Promise<StepResult> {
  const { step: name, protocol, expected } = step;
  const called = Date.now();
  let submission: Submission | undefined;
  let got: string;
  const timesMs: Record<string, number> = {};
  try {
    submission = (await step.call(client)).submission;
    timesMs.answered = Date.now() - called;
    submission = await watch(client, submission?.id ?? "");
    got = stateName(submission.state);
    for (const { state, time } of submission.transitions) {
      // A repeated call's states lie before it.
      const at = time === undefined ? -1 : timestampMs(time) - called;
      if (at >= 0) timesMs[stateName(state).toLowerCase()] = at;
    }
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    timesMs.answered ??= Date.now() - called;
    got = error.findDetails(ErrorInfoSchema)[0]?.reason ?? error.message;
  }
  return { step: name, protocol, expected, got, ok: got === expected, submission, timesMs };
}

async function watch(client: RelayClient, submissionId: string): Promise<Submission> {
  let latest: Submission | undefined;
  for await (const { submission } of client.watchSubmission({ submissionId }, { timeoutMs: 60_000 })) {
    latest = submission ?? latest;
  }
  if (latest === undefined) throw new Error("the watch ended without a submission");
  return latest;
}

function stateName(state: SubmissionState): string {
  return SubmissionStateSchema.value[state]?.name.replace("SUBMISSION_STATE_", "") ?? String(state);
}
