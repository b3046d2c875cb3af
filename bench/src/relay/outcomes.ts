import { setTimeout as delay } from "node:timers/promises";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Submission, SubmissionState } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import type { RelayClient } from "./relay-clients.ts";

/** Each look is a few statements for the relay. */
const POLL_MS = 1_000;
const READERS = 16;

/** A submission that reached its end. */
export interface Outcome {
  readonly succeeded: boolean;
  /** When the relay recorded the end, in milliseconds since the epoch. */
  readonly finalAt: number;
  /** From ACCEPTED to the end, both as the relay recorded them, in milliseconds. */
  readonly finalMs: number;
}

/** Waits until the relay has no open submission, at most `maxMs`; says whether that is so. */
export async function drained(operationsUrl: string, maxMs: number): Promise<boolean> {
  for (const until = Date.now() + maxMs; Date.now() < until; await delay(POLL_MS)) {
    const metrics = await (await fetch(`${operationsUrl}/metrics`)).text();
    const open = [...metrics.matchAll(/^countersign_submissions_open\{.*\} (\d+)$/gm)];
    // The gauge is absent while the ledger does not answer, and then its other half is, too.
    const known = /^countersign_oldest_unclaimed_seconds /m.test(metrics);
    if (known && open.every(([, count]) => count === "0")) return true;
  }
  return false;
}

/** Calls to NEAR that failed so far, by method and kind; each is a transaction or a view that was tried again. */
export async function chainFailures(operationsUrl: string): Promise<Record<string, number>> {
  const metrics = await (await fetch(`${operationsUrl}/metrics`)).text();
  const lines = metrics.matchAll(
    /^countersign_chain_failures_total\{.*method="(\w+)",kind="([\w-]+)"\} (\d+)$/gm,
  );
  return Object.fromEntries(
    [...lines].map(([, method, kind, count]) => [`${method} ${kind}`, Number(count)]),
  );
}

/** Asks the relay what became of each submission; without the ones that are not at their end. */
export async function outcomes(clients: readonly RelayClient[], ids: readonly string[]): Promise<Outcome[]> {
  const found: Outcome[] = [];
  let next = 0;
  const reader = async (client: RelayClient) => {
    while (next < ids.length) {
      const { submission } = await client.getSubmission({ submissionId: ids[next++] as string });
      const outcome = submission === undefined ? undefined : outcomeOf(submission);
      if (outcome !== undefined) found.push(outcome);
    }
  };
  await Promise.all(
    Array.from({ length: READERS }, (_, i) => reader(clients[i % clients.length] as RelayClient)),
  );
  return found;
}

const ENDS: readonly SubmissionState[] = [
  SubmissionState.SUCCEEDED,
  SubmissionState.FAILED,
  SubmissionState.REJECTED,
  SubmissionState.EXPIRED,
];

function outcomeOf({ state, transitions }: Submission): Outcome | undefined {
  const [accepted, end] = [transitions.at(0)?.time, transitions.at(-1)?.time];
  if (!ENDS.includes(state) || accepted === undefined || end === undefined) return undefined;
  const finalAt = timestampMs(end);
  return {
    succeeded: state === SubmissionState.SUCCEEDED,
    finalAt,
    finalMs: finalAt - timestampMs(accepted),
  };
}
