/** What a lane does, or what it waits for. */
export const LANE_STATES = [
  "active",
  // After a quarantine: one transaction at a time, until one has landed.
  "probing",
  // Somebody else uses its key again and again: nothing is signed for a while.
  "quarantined",
  // The chain does not have its access key.
  "key-missing",
  // Its account cannot pay.
  "low-balance",
  // An operator wants nothing signed.
  "paused",
  // Its key signs nothing new for good: what is signed is followed to its end, and the rest is for other lanes.
  "drained",
  "waiting-signer",
  "waiting-chain",
  "waiting-ledger",
  // Another process holds it, or nobody yet.
  "standby",
] as const;

export type LaneState = (typeof LANE_STATES)[number];

/** How a lane does, as this process sees it. */
export interface LaneReport {
  readonly accountId: string;
  readonly keyId: string;
  readonly state: LaneState;
  /** Most transactions that may be sent and not known to stand in a block; 0 when this process signs none. */
  readonly window: number;
  /** How many are. */
  readonly inWindow: number;
}
