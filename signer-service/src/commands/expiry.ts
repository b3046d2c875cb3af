const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** ISO 8601 with its time zone: without one, the same text would mean another time on another machine. */
const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

/** A time in the future: ISO 8601 with a time zone, or minutes, hours or days from now ("15m", "12h", "30d"). */
export function expiryFrom(text: string, now: Date): Date {
  const [, number, unit] = /^([1-9][0-9]{0,5})([mhd])$/.exec(text) ?? [];
  const expiresAt =
    number === undefined
      ? new Date(ISO.test(text) ? text : Number.NaN)
      : new Date(now.getTime() + Number(number) * UNIT_MS[unit as keyof typeof UNIT_MS]);
  if (Number.isNaN(expiresAt.getTime())) {
    throw new Error(`${text} is neither ISO 8601 with a time zone nor a time from now such as 12h`);
  }
  if (expiresAt <= now) throw new Error(`${text} is not in the future`);
  return expiresAt;
}
