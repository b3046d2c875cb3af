import type { KeyOperation, Submission } from "../ledger/ledger.ts";
import { isTerminal } from "../tx/states.ts";
import type { AccountKey, ChainKeys } from "./chain-keys.ts";
import type { KeyChange } from "./ports.ts";
import type { StepContext } from "./step-context.ts";
import { StepProblem, type StepResult } from "./step-result.ts";

/** How long after a submission has succeeded endpoints may still show the chain as it was before, in milliseconds. */
const SETTLE_MS = 60_000;

/**
 * Puts a key on the account, or takes it off. The chain alone says whether that is done: what a submission came to only
 * tells whether another one is needed. Marks are the submissions' idempotency keys, so that no replica makes a second one.
 */
export async function changeOnChain(
  operation: KeyOperation,
  change: KeyChange,
  context: StepContext,
  signal: AbortSignal,
): Promise<StepResult> {
  const { id, step, submissionId, failedSubmissions, actor, reason } = operation;
  if (submissionId === "") {
    if (await isDone(change, context, signal)) return { kind: "done" };
    const mark = `${id}/${step}/${failedSubmissions + 1}`;
    const submission = await context.changes.submit(change, mark, actor, reason);
    return { kind: "noted", change: { submissionId: submission.id } };
  }
  const submission = await context.changes.find(submissionId);
  if (submission !== undefined && !isTerminal(submission.state)) {
    return { kind: "waits", on: `submission ${submissionId}, which is ${submission.state}` };
  }
  if (await isDone(change, context, signal)) return { kind: "done" };
  if (submission !== undefined && mayShowLater(submission, context.now())) {
    return { kind: "waits", on: `a final block that shows what submission ${submissionId} did` };
  }
  return {
    kind: "failed",
    problem: problemOf(submissionId, submission),
    change: { submissionId: "", failedSubmissions: failedSubmissions + 1 },
  };
}

async function isDone(
  change: KeyChange,
  { chain }: Pick<StepContext, "chain">,
  signal: AbortSignal,
): Promise<boolean> {
  const isThere = await isOnAccount(chain, change, signal);
  return change.kind === "add" ? isThere : !isThere && (await chain.isGone(change, signal));
}

/** As any endpoint that is in sync shows it. Throws StepProblem when none does, and ChainError. */
export async function isOnAccount(
  chain: Pick<ChainKeys, "find">,
  key: AccountKey,
  signal: AbortSignal,
): Promise<boolean> {
  const found = await chain.find(key, signal);
  if (found !== "unknown") return found === "present";
  throw new StepProblem("no NEAR endpoint that is in sync says which keys there are");
}

function mayShowLater({ state, transitions }: Submission, now: Date): boolean {
  const endedAt = transitions.at(-1)?.at.getTime() ?? 0;
  return state === "SUCCEEDED" && now.getTime() - endedAt < SETTLE_MS;
}

function problemOf(submissionId: string, submission: Submission | undefined): string {
  if (submission === undefined) return `submission ${submissionId} is not in the ledger`;
  const { state, failure } = submission;
  if (failure === null) return `submission ${submissionId} ${state}, and the chain does not show it`;
  return `${failure.reason}: ${failure.message} (submission ${submissionId} ${state})`;
}
