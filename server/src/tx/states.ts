/** The states of a submission. */
export const SUBMISSION_STATES = [
  "ACCEPTED",
  "SIGNED",
  "BROADCAST",
  "INCLUDED",
  "SUCCEEDED",
  "FAILED",
  "REJECTED",
  "EXPIRED",
] as const;

export type SubmissionState = (typeof SUBMISSION_STATES)[number];

/**
 * The allowed transitions. A submission goes back to SIGNED only when its transaction provably can never land
 * and another with a new nonce takes its place. EXPIRED needs the same proof; REJECTED was never signed.
 */
const NEXT: Readonly<Record<SubmissionState, readonly SubmissionState[]>> = {
  ACCEPTED: ["SIGNED", "REJECTED"],
  SIGNED: ["BROADCAST", "INCLUDED", "SUCCEEDED", "FAILED", "EXPIRED", "SIGNED"],
  BROADCAST: ["INCLUDED", "SUCCEEDED", "FAILED", "EXPIRED", "SIGNED"],
  INCLUDED: ["SUCCEEDED", "FAILED", "EXPIRED", "SIGNED"],
  SUCCEEDED: [],
  FAILED: [],
  REJECTED: [],
  EXPIRED: [],
};

/** Whether a submission may go from one state to the other. */
export function canMove(from: SubmissionState, to: SubmissionState): boolean {
  return NEXT[from].includes(to);
}

/** The states from which `to` can be entered. */
export function sourcesOf(to: SubmissionState): SubmissionState[] {
  return SUBMISSION_STATES.filter((from) => canMove(from, to));
}

/** Whether nothing comes after this state. */
export function isTerminal(state: SubmissionState): boolean {
  return NEXT[state].length === 0;
}

/** Whether the transaction stands in a block, or the submission is terminal. */
export function isIncluded(state: SubmissionState): boolean {
  return state === "INCLUDED" || isTerminal(state);
}
