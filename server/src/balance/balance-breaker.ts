/** What the relayer's balance allows: all, all but account creations, or nothing. */
export type FundingState = "OPEN" | "NO_ACCOUNTS" | "CLOSED";

/** Balances in yoctoNEAR; 0 for no threshold. */
export interface BalanceThresholds {
  /** Below it no accounts are created. */
  readonly accountsBelow: bigint;
  /** Below it nothing is taken on. */
  readonly allBelow: bigint;
  /** What was stopped goes on at this many percent of its threshold, at least 100: no flapping around it. */
  readonly resumeFactorPercent: number;
}

/** The state after a balance was seen. It worsens below a threshold, and betters only at the higher mark above it. */
export function nextFundingState(
  from: FundingState,
  balance: bigint,
  { accountsBelow, allBelow, resumeFactorPercent }: BalanceThresholds,
): FundingState {
  const stopped = (wasStopped: boolean, threshold: bigint) =>
    wasStopped ? balance * 100n < threshold * BigInt(resumeFactorPercent) : balance < threshold;
  if (stopped(from === "CLOSED", allBelow)) return "CLOSED";
  return stopped(from !== "OPEN", accountsBelow) ? "NO_ACCOUNTS" : "OPEN";
}
