import type { History, LandedTransaction } from "../history.ts";

/**
 * SUCCEEDED and FAILED have landed exactly once, by the transaction that they name and with the outcome that they say;
 * nothing else has landed; and whatever landed belongs to a submission.
 */
export function* landingProblems({ submissions, attempts, landed }: History): Generator<string> {
  const owners = new Map(attempts.map(({ hash, submissionId }) => [hash, submissionId]));
  const landings = new Map<string, LandedTransaction[]>();
  const carried = new Map<string, string>();
  for (const transaction of landed) {
    const { hash } = transaction;
    const owner = owners.get(hash);
    if (owner === undefined) yield `${hash} landed, and no submission has it`;
    else landings.set(owner, [...(landings.get(owner) ?? []), transaction]);
    const before = carried.get(transaction.carried);
    if (before !== undefined && transaction.carried.startsWith("delegate ")) {
      yield `${transaction.carried} landed twice: ${before} and ${hash}`;
    }
    carried.set(transaction.carried, hash);
  }
  for (const { id, state, transactionHash, kind, accountId, delegateHash } of submissions) {
    const found = landings.get(id) ?? [];
    if (found.length > 1)
      yield `${id} landed ${found.length} times: ${found.map(({ hash }) => hash).join(", ")}`;
    const hasLanded = state === "SUCCEEDED" || state === "FAILED";
    if (!hasLanded) {
      if (found.length > 0) yield `${id} is ${state} and landed`;
      continue;
    }
    const [transaction] = found;
    if (transaction === undefined) {
      yield `${id} is ${state} and never landed`;
      continue;
    }
    if (transaction.hash !== transactionHash)
      yield `${id} landed with ${transaction.hash}, and names ${transactionHash}`;
    if (transaction.succeeded !== (state === "SUCCEEDED")) {
      yield `${id} is ${state}, and on the chain it ${transaction.succeeded ? "succeeded" : "failed"}`;
    }
    const owed = kind === "DELEGATE" ? `delegate ${delegateHash}` : `account ${accountId}`;
    if (transaction.carried !== owed) yield `${id} landed with ${transaction.carried} in place of ${owed}`;
  }
}
