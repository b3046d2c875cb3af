import { WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { LedgerUnavailableError } from "../ledger/errors.ts";
import type { Ledger, Submission } from "../ledger/ledger.ts";
import type { Changes } from "../tx/changes.ts";
import { isIncluded, isTerminal, type SubmissionState } from "../tx/states.ts";

/**
 * Kept back of a call's time, in milliseconds, at most: the caller's clock ran while the request came here, perhaps over a
 * connection that was made for it, and runs until the answer is there.
 */
const MAX_ANSWER_TIME_MS = 1_000;
/** The part of a call's time that is kept back where it is short. */
const ANSWER_TIME_PART = 1 / 4;

/**
 * Waits until a submission is as far as the caller wants, at most until shortly before the call's deadline,
 * and gives it as it stands then.
 */
export async function waitFor(
  submission: Submission,
  until: WaitUntil,
  call: { timeLeftMs: number; signal: AbortSignal },
  { changes, ledger }: { changes: Changes; ledger: Ledger },
): Promise<Submission> {
  if (isFarEnough(submission.state, until)) return submission;
  const outOfTime = new AbortController();
  const answerTimeMs = Math.min(MAX_ANSWER_TIME_MS, call.timeLeftMs * ANSWER_TIME_PART);
  const timer = setTimeout(() => outOfTime.abort(), Math.max(0, call.timeLeftMs - answerTimeMs));
  const onAbort = () => outOfTime.abort();
  call.signal.addEventListener("abort", onAbort, { once: true });
  try {
    const found = await changes.until(submission, ({ state }) => isFarEnough(state, until), outOfTime.signal);
    return found ?? (await ledger.getSubmission(submission.tenant, submission.id)) ?? submission;
  } catch (error) {
    // What was accepted is accepted: a ledger that is away only ends the wait.
    if (error instanceof LedgerUnavailableError) return submission;
    throw error;
  } finally {
    clearTimeout(timer);
    call.signal.removeEventListener("abort", onAbort);
  }
}

function isFarEnough(state: SubmissionState, until: WaitUntil): boolean {
  switch (until) {
    case WaitUntil.INCLUDED:
      return isIncluded(state);
    case WaitUntil.FINAL:
      return isTerminal(state);
    default:
      return true;
  }
}
