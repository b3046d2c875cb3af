import { whole } from "@countersign/sql";

const DAY_MS = 86_400_000;

/** What the reservations of a key on a day (UTC) add up to. `day` is in days since the epoch. */
export interface DailyTotals {
  readonly day: bigint;
  /** yoctoNEAR. */
  readonly deposit: bigint;
  readonly gas: bigint;
}

export const NOTHING = { deposit: 0n, gas: 0n } as const;

/** The day (UTC) of a time, in days since the epoch. */
export function utcDay(at: Date): bigint {
  return whole(Math.floor(at.getTime() / DAY_MS), "day");
}

/** What counts on a day, of what was counted last. */
export function totalsOn(day: bigint, counted: DailyTotals): DailyTotals {
  // Around midnight one signer's clock is a day ahead of another's: neither starts a day that both count to anew.
  return counted.day === day || counted.day === day + 1n ? counted : { day, ...NOTHING };
}

/** The totals with one reservation more. */
export function addTo(totals: DailyTotals, { deposit, gas }: Omit<DailyTotals, "day">): DailyTotals {
  return { day: totals.day, deposit: totals.deposit + deposit, gas: totals.gas + gas };
}
