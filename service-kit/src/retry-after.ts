/**
 * How long header Retry-After (RFC 9110, section 10.2.3: seconds, or an HTTP date) asks to wait, in milliseconds; undefined
 * for no header, and for nonsense. Not bounded.
 */
export function retryAfterMs(header: string | null | undefined, now: Date): number | undefined {
  if (header === null || header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const at = /^[A-Z][a-z]{2}, /.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}
