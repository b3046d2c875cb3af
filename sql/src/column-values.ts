/** What both engines store in an int8 column. */
const INT64_MAX = 2n ** 63n - 1n;

/**
 * A whole number for an int8 column. Nonces, heights and gas are unsigned 64-bit numbers on the chain: one
 * above 2^63-1 throws RangeError here, before it reaches SQL.
 */
export function int64(value: bigint, field: string): bigint {
  if (value < 0n || value > INT64_MAX) throw new RangeError(`${field} is not within 0 and 2^63-1: ${value}`);
  return value;
}

/** A count or a duration that JavaScript holds as a number. Throws RangeError unless it is whole. */
export function whole(value: number, field: string): bigint {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${field} is not a whole number: ${value}`);
  return int64(BigInt(value), field);
}

/** Milliseconds since the epoch. */
export function toMillis(time: Date, field: string): bigint {
  return whole(time.getTime(), field);
}

export function fromMillis(millis: bigint): Date {
  return new Date(Number(millis));
}
