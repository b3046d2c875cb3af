const FIRST_MS = 5_000;
const FACTOR = 3;
const MAX_MS = 6 * 3_600_000;
/** Retry-After is heeded up to this. */
const MAX_ASKED_MS = MAX_MS;

/**
 * How long to wait after the attempt of this number (1 for the first) has failed, in milliseconds: 5 s, then three times as
 * long each time up to 6 h, give or take a fifth; not less than the receiver asks for. Twelve attempts take about 23 hours.
 */
export function retryDelayMs(attempt: number, askedMs: number, random: () => number): number {
  const grown = Math.min(MAX_MS, FIRST_MS * FACTOR ** (attempt - 1));
  return Math.round(Math.max(grown * (0.8 + 0.4 * random()), Math.min(askedMs, MAX_ASKED_MS)));
}
