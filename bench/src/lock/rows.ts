import type { SuiteNumber } from "@countersign/signer-service/lock/lock-key-records.ts";
import type { Way } from "./unlocks.ts";

/** One row of the table: what is asked, of whom, how often. */
export interface Row {
  readonly suite: SuiteNumber;
  readonly way: Way;
  /** Calls are made at this rate, whether those before are answered or not. */
  readonly perSecond: number;
  /** Of one round. */
  readonly unlocks: number;
}

/** Rates that two cores, which do all of it, can keep. */
export const ROWS: readonly Row[] = [
  { suite: 1, way: "signer", perSecond: 200, unlocks: 600 },
  { suite: 1, way: "relay", perSecond: 200, unlocks: 600 },
  { suite: 2, way: "signer", perSecond: 5, unlocks: 15 },
  { suite: 2, way: "relay", perSecond: 5, unlocks: 15 },
];
