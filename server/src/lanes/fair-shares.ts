/** A lane that may be given work. */
export interface LanePlace {
  readonly accountId: string;
  /** Transactions under way. */
  readonly load: number;
  /** How many more it may have. */
  readonly room: number;
  /** How many of those it could send at once. */
  readonly free: number;
}

/**
 * How many of the waiting submissions each lane should claim: each goes to the least loaded lane that may sign it and could
 * send it at once, or else has room. `waiting` names for each whose lanes alone may; null for any.
 */
export function fairShares(waiting: readonly (string | null)[], lanes: readonly LanePlace[]): number[] {
  const shares = lanes.map(() => 0);
  for (const accountId of waiting) {
    const best =
      leastLoaded(accountId, lanes, shares, ({ free }) => free) ??
      leastLoaded(accountId, lanes, shares, ({ room }) => room);
    if (best !== undefined) shares[best] = (shares[best] ?? 0) + 1;
  }
  return shares;
}

function leastLoaded(
  accountId: string | null,
  lanes: readonly LanePlace[],
  shares: readonly number[],
  most: (lane: LanePlace) => number,
): number | undefined {
  let best: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const [i, lane] of lanes.entries()) {
    const share = shares[i] ?? 0;
    const load = lane.load + share;
    if (share >= most(lane) || load >= least) continue;
    if (accountId !== null && accountId !== lane.accountId) continue;
    best = i;
    least = load;
  }
  return best;
}
