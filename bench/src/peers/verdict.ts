import type { Call } from "./load.ts";

/** What callers were told, held against the chain's own log. Counts of delegates. */
export interface Verdict {
  readonly succeeded: number;
  readonly failed: number;
  readonly open: number;
  /** More than one transaction on the chain carries it. */
  readonly doubled: number;
  /** The caller was told that it succeeded, and no transaction on the chain carries it. */
  readonly lost: number;
  /** The caller was told that it failed, and a transaction on the chain carries it. */
  readonly denied: number;
}

/** A delegate's transaction is received by the wallet that signed it, and a wallet signs once. */
export function judge(calls: readonly Call[], log: readonly { readonly receiverId: string }[]): Verdict {
  const onChain = new Map<string, number>();
  for (const { receiverId } of log) onChain.set(receiverId, (onChain.get(receiverId) ?? 0) + 1);
  const times = ({ accountId }: Call) => onChain.get(accountId) ?? 0;
  const count = (matches: (call: Call) => boolean) => calls.filter(matches).length;
  return {
    succeeded: count(({ outcome }) => outcome === "succeeded"),
    failed: count(({ outcome }) => outcome === "failed"),
    open: count(({ outcome }) => outcome === "open"),
    doubled: count((call) => times(call) > 1),
    lost: count((call) => call.outcome === "succeeded" && times(call) === 0),
    denied: count((call) => call.outcome === "failed" && times(call) > 0),
  };
}
