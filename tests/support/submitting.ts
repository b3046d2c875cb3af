import { setTimeout as delay } from "node:timers/promises";
import { type Client, Code } from "@connectrpc/connect";
import type { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import {
  type Submission,
  SubmissionState,
  WaitUntil,
} from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { errorFromConnect } from "@countersign/service-kit";
import { NETWORK } from "./test-relay.ts";

export type RelayClient = Client<typeof RelayService>;

const PASSING = [Code.Unavailable, Code.DeadlineExceeded, Code.Canceled, Code.Aborted];

const TERMINAL: readonly SubmissionState[] = [
  SubmissionState.SUCCEEDED,
  SubmissionState.FAILED,
  SubmissionState.REJECTED,
  SubmissionState.EXPIRED,
];

/** As a careful wallet does: repeats the same call until it is answered. Throws what does not pass. */
export async function submitSurely(
  client: () => RelayClient,
  signedDelegate: Uint8Array,
  waitUntil: WaitUntil = WaitUntil.ACCEPTED,
): Promise<Submission> {
  for (;;) {
    try {
      const { submission } = await client().submitDelegate({ network: NETWORK, signedDelegate, waitUntil });
      if (submission === undefined) throw new Error("an answer without a submission");
      if (waitUntil !== WaitUntil.FINAL || TERMINAL.includes(submission.state)) {
        return submission;
      }
    } catch (error) {
      if (!PASSING.includes(errorFromConnect(error).code)) throw error;
      await delay(50);
    }
  }
}

/** Submits all of them at once and waits until each is terminal. */
export function finishAll(
  client: () => RelayClient,
  delegates: readonly Uint8Array[],
): Promise<Submission[]> {
  return Promise.all(delegates.map((bytes) => submitSurely(client, bytes, WaitUntil.FINAL)));
}
