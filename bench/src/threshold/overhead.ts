import { quantile } from "../shared/quantiles.ts";
import type { BareFrost } from "./bare-frost.ts";
import type { Round } from "./measure.ts";

/** The most that the server may spend beyond bare FROST, as a share of bare FROST. */
export const OVERHEAD_BELOW = 0.6;

/** Whose FROST the server is compared with. */
export type Reference = "noble" | "ours";

/** Both compositions, as one round found them. */
export type BareRound = Readonly<Record<Reference, BareFrost>>;

/** What the server spends on a signature beyond the relayer's side of bare FROST, as a share of that. */
export interface Overhead {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/**
 * (CPU time of relay and signer for a signature - the relayer's CPU time for it in bare FROST) / the latter. Each round is
 * compared with the bare FROST of the same round: both meet the same machine.
 */
export function overheadOf(
  rounds: readonly Round[],
  bare: readonly BareRound[],
  reference: Reference,
): Overhead {
  const shares = rounds.map(({ cpuMs }, i) => {
    const bareMs = (bare[i]?.[reference].relayer_us ?? Number.NaN) / 1000;
    return (cpuMs.relay + cpuMs.signer - bareMs) / bareMs;
  });
  return { median: quantile(shares, 0.5), lowest: Math.min(...shares), highest: Math.max(...shares) };
}
