import type { Sizing } from "./pool-settings.ts";

/** What a look at a pool shows. */
export interface PoolLook {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Active keys, paused or not: a pause is an operator's, and for a while. */
  readonly active: number;
  /** Keys that are not used yet. */
  readonly pending: number;
  /** The active key that the relay made last, by its name; undefined when it made none of them. */
  readonly youngestOwn: string | undefined;
  /** Whether a lane of the account could claim something now. */
  readonly claimable: boolean;
  /** When the oldest submission was accepted that no lane has; null when there is none. */
  readonly oldestUnclaimedAt: number | null;
  /** Transactions that are signed and not known to stand in a block. */
  readonly inFlight: number;
  /** Most transactions that one lane may have sent and not know to stand in a block; half as many more may be signed. */
  readonly window: number;
  /**
   * Whether work waits, or stays away, for another reason than the number of keys: the chain stands still, the relay is
   * paused, funds are low, or a lane is in trouble.
   */
  readonly explained: boolean;
}

/** Since when, in milliseconds, each look has shown the same; undefined when the last one did not. */
export interface Trend {
  readonly busySince?: number | undefined;
  readonly calmSince?: number | undefined;
}

export type Wish =
  | { readonly kind: "ADD"; readonly reason: string }
  | { readonly kind: "DRAIN"; readonly oldKeyId: string; readonly reason: string };

/** Work that is younger than this, in milliseconds, is on its way to a lane. */
const FRESH_MS = 1_000;

/** What looks have shown in a row so far. Nothing is learnt from one whose work is explained otherwise. */
export function trendAfter(before: Trend, look: PoolLook): Trend {
  if (look.explained) return {};
  const { at, active, inFlight, window } = look;
  const isWaiting = look.claimable && ageOf(look) >= FRESH_MS;
  const isCalm = !isWaiting && inFlight <= ((active - 1) * window) / 2;
  return {
    busySince: isWaiting ? (before.busySince ?? at) : undefined,
    calmSince: isCalm ? (before.calmSince ?? at) : undefined,
  };
}

/** What is to be done about the pool's size now; undefined for nothing. */
export function wishFor(sizing: Sizing, look: PoolLook, trend: Trend): Wish | undefined {
  const { minKeys, maxKeys, growAfterMs, shrinkAfterMs } = sizing;
  const { at, active, pending, youngestOwn } = look;
  const hasRoom = active + pending < maxKeys;
  if (active < minKeys) {
    return hasRoom
      ? { kind: "ADD", reason: `fewer active keys (${active}) than min_keys (${minKeys})` }
      : undefined;
  }
  const lasted = (since: number | undefined, ms: number) => since !== undefined && at - since >= ms;
  if (hasRoom && lasted(trend.busySince, growAfterMs) && ageOf(look) >= growAfterMs) {
    return { kind: "ADD", reason: `work waits for longer than grow_after_ms (${growAfterMs})` };
  }
  if (youngestOwn !== undefined && active > minKeys && lasted(trend.calmSince, shrinkAfterMs)) {
    const reason = `one key fewer would have done for longer than shrink_after_ms (${shrinkAfterMs})`;
    return { kind: "DRAIN", oldKeyId: youngestOwn, reason };
  }
  return undefined;
}

function ageOf({ at, oldestUnclaimedAt }: PoolLook): number {
  return oldestUnclaimedAt === null ? 0 : at - oldestUnclaimedAt;
}
