import { base32crockford } from "@scure/base";

const TIME_BYTES = 6;
const RANDOM_BYTES = 10;
/**
 * A submission's id: "sub_" and 26 characters, of the time in milliseconds (48 bits) and 80 random bits, so
 * that ids sort by time and cannot be guessed. Crockford's base 32 sorts as the bytes do.
 */
export function submissionId(now: Date, randomBytes: (length: number) => Uint8Array): string {
  const bytes = Buffer.alloc(TIME_BYTES + RANDOM_BYTES);
  bytes.writeUIntBE(now.getTime(), 0, TIME_BYTES);
  bytes.set(randomBytes(RANDOM_BYTES), TIME_BYTES);
  return `sub_${base32crockford.encode(bytes).toLowerCase()}`;
}
