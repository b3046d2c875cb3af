import type { Call, History, StoredSubmission } from "../history.ts";
import { isEnd } from "./ends.ts";

/** Where a submission may go from a state, by docs/submissions.md: back only to SIGNED, with another transaction. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  "": ["ACCEPTED"],
  ACCEPTED: ["SIGNED", "REJECTED"],
  SIGNED: ["SIGNED", "BROADCAST", "INCLUDED", "SUCCEEDED", "FAILED", "EXPIRED"],
  BROADCAST: ["SIGNED", "INCLUDED", "SUCCEEDED", "FAILED", "EXPIRED"],
  INCLUDED: ["SIGNED", "SUCCEEDED", "FAILED", "EXPIRED"],
  SUCCEEDED: [],
  FAILED: [],
  REJECTED: [],
  EXPIRED: [],
};

/** Every submission is at one end, to which its logged states lead; and it is the end that its caller was owed. */
export function* lifeProblems(history: History): Generator<string> {
  const { submissions, transitions, attempts, calls, chain } = history;
  const lives = Map.groupBy(transitions, ({ submissionId }) => submissionId);
  const signed = Map.groupBy(attempts, ({ submissionId }) => submissionId);
  const meant = new Map<string, Call["meant"]>();
  for (const { end, meant: what } of calls) if (end.kind === "accepted") meant.set(end.submissionId, what);
  for (const submission of submissions) {
    const { id, state } = submission;
    const states = (lives.get(id) ?? []).toSorted((a, b) => a.seq - b.seq);
    let before = "";
    for (const [i, { seq, state: to }] of states.entries()) {
      if (seq !== i + 1) yield `${id} has state number ${seq} in the place of number ${i + 1}`;
      if (NEXT[before]?.includes(to) !== true) yield `${id} went from ${before || "nowhere"} to ${to}`;
      before = to;
    }
    if (before !== state) yield `${id} is ${state}, and its log ends with ${before || "nothing"}`;
    if (!isEnd(state)) yield `${id} is ${state} and has no end`;
    const times = states.filter(({ state: to }) => to === "SIGNED").length;
    const transactions = signed.get(id)?.length ?? 0;
    if (times !== transactions) yield `${id} was SIGNED ${times} times and has ${transactions} transactions`;
    const problem = endProblem(submission, meant.get(id) ?? "any", chain.height);
    if (problem !== undefined) yield `${id} is ${state} (${submission.failureReason}), and ${problem}`;
  }
}

/** Why a submission should have ended otherwise. Its time is over when the chain has come near its last height. */
function endProblem(
  { state, expiresAtHeight }: StoredSubmission,
  meant: Call["meant"],
  height: bigint,
): string | undefined {
  const timeIsOver = expiresAtHeight !== null && expiresAtHeight <= height;
  if (timeIsOver) return undefined;
  if (state === "REJECTED" || state === "EXPIRED") return "its time was not over";
  if (meant === "success" && state === "FAILED") return "nothing was wrong with what it carried";
  if (meant === "failure" && state === "SUCCEEDED") return "what it carried cannot be executed";
  return undefined;
}
