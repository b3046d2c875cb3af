/** Longest that an endpoint is left alone because it asked for it, in milliseconds. */
const MAX_MS = 60_000;

/**
 * How long header Retry-After (RFC 9110, 10.2.3: seconds, or a date) asks to wait, in milliseconds and at most a minute;
 * undefined for none that can be read.
 */
export function retryAfterMs(value: string | null, now: Date): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d{1,10}$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now.getTime();
  return Number.isNaN(ms) ? undefined : Math.min(MAX_MS, Math.max(0, ms));
}
