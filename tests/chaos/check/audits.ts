import type { History } from "../history.ts";
import { isEnd } from "./ends.ts";

/** Every log verifies, and says of each submission once that it was accepted, and once that it ended. */
export function* auditProblems({ audits, submissions }: History): Generator<string> {
  const seen = new Set(audits.map(({ tenant }) => tenant));
  for (const tenant of new Set(submissions.map((submission) => submission.tenant))) {
    if (!seen.has(tenant)) yield `${tenant} has no audit log`;
  }
  for (const { tenant, problem, accepted, ended } of audits) {
    if (problem !== undefined) yield `the log of ${tenant} is altered: ${problem}`;
    const ids = submissions.filter((one) => one.tenant === tenant).map(({ id }) => id);
    const hasEnded = submissions
      .filter((one) => one.tenant === tenant && isEnd(one.state))
      .map(({ id }) => id);
    yield* differences(`the log of ${tenant} says "accepted" of`, accepted, ids);
    yield* differences(`the log of ${tenant} says "ended" of`, ended, hasEnded);
  }
}

function* differences(what: string, is: readonly string[], should: readonly string[]): Generator<string> {
  const counts = new Map<string, number>();
  for (const id of is) counts.set(id, (counts.get(id) ?? 0) + 1);
  for (const id of should) {
    const count = counts.get(id) ?? 0;
    if (count !== 1) yield `${what} ${id} ${count} times`;
    counts.delete(id);
  }
  for (const id of counts.keys()) yield `${what} ${id}, which the ledger does not have so`;
}
