import type { Call, History } from "../history.ts";
import { isEnd } from "./ends.ts";

/**
 * Every call was accepted or refused as it may be; one key names one submission, to whoever asks; what callers were told is
 * what the ledger has; and the ledger has nothing that nobody asked for.
 */
export function* callProblems({ calls, submissions, idempotency }: History): Generator<string> {
  const stored = new Map(submissions.map((submission) => [submission.id, submission]));
  const byName = new Map<string, string>();
  for (const call of calls) {
    const { end } = call;
    const name = nameOf(call);
    if (end.kind === "unanswered") yield `${name} had no answer: ${end.why}`;
    if (end.kind === "refused" && !call.mayBeRefused.includes(end.reason)) {
      yield `${name} was refused with ${end.reason}`;
    }
    if (end.kind !== "accepted") continue;
    if (call.meant === "refusal") yield `${name} was accepted, and is not valid`;
    const { submissionId, state } = end;
    const before = byName.get(name) ?? submissionId;
    byName.set(name, before);
    if (before !== submissionId) yield `${name} was answered with ${before}, and then with ${submissionId}`;
    const submission = stored.get(submissionId);
    if (submission === undefined)
      yield `${name} was accepted as ${submissionId}, which the ledger does not have`;
    else if (submission.tenant !== call.tenant) yield `${name} was given another tenant's ${submissionId}`;
    else if (isEnd(state) && submission.state !== state) {
      yield `${name} was told that ${submissionId} is ${state}, and the ledger says ${submission.state}`;
    }
  }
  yield* keyProblems(calls, idempotency);
  yield* strangers(calls, submissions, idempotency);
}

function nameOf({ tenant, method, idempotencyKey, body }: Call): string {
  return `${tenant}'s ${method} ${idempotencyKey === "" ? `of body ${body}` : `"${idempotencyKey}"`}`;
}

/** The key's record is the submission that callers were answered with; a refused call, all answered, has none. */
function* keyProblems(calls: readonly Call[], idempotency: History["idempotency"]): Generator<string> {
  const records = new Map(idempotency.map((one) => [`${one.tenant} ${one.method} ${one.key}`, one]));
  const accepted = new Set(
    calls.filter(({ end, unanswered }) => end.kind === "accepted" || unanswered > 0).map(nameOf),
  );
  for (const call of calls) {
    if (call.idempotencyKey === "") continue;
    const record = records.get(`${call.tenant} ${call.method} ${call.idempotencyKey}`);
    if (call.end.kind === "accepted") {
      if (record?.submissionId !== call.end.submissionId) {
        yield `${nameOf(call)} was accepted as ${call.end.submissionId}, and the key stands for ${record?.submissionId ?? "nothing"}`;
      }
    } else if (call.end.kind === "refused" && record !== undefined && !accepted.has(nameOf(call))) {
      yield `${nameOf(call)} was refused, and the ledger has it as ${record.submissionId}`;
    }
  }
}

/** Submissions under keys that nobody called with. */
function* strangers(
  calls: readonly Call[],
  submissions: History["submissions"],
  idempotency: History["idempotency"],
): Generator<string> {
  const given = new Set(calls.map((call) => `${call.tenant} ${call.method} ${call.idempotencyKey}`));
  const answered = new Set(calls.flatMap(({ end }) => (end.kind === "accepted" ? [end.submissionId] : [])));
  const keyless = new Set(
    calls
      .filter(({ idempotencyKey, unanswered }) => idempotencyKey === "" && unanswered > 0)
      .map(({ tenant }) => tenant),
  );
  const keyOf = new Map(idempotency.map((one) => [one.submissionId, one]));
  for (const { id, tenant } of submissions) {
    const record = keyOf.get(id);
    if (record === undefined) yield `${id} has no idempotency key`;
    else if (answered.has(id) || given.has(`${tenant} ${record.method} ${record.key}`)) continue;
    // A key that the body gave: only a try without an answer may have left it.
    else if (!keyless.has(tenant)) yield `nobody asked for ${id} of ${tenant}`;
  }
}
