import { base32crockford } from "@scure/base";

const TIME_BYTES = 6;
const COUNTER_BYTES = 2;
const RANDOM_BYTES = 8;
/** For so many ids random bytes are drawn at once: drawing costs more than the bytes. */
const DRAWN_IDS = 64;

/**
 * Makes the ids of submissions: "sub_" and 26 characters, of the time in milliseconds (48 bits), a counter within
 * it (16 bits) and 64 random bits. They cannot be guessed, and those of one process sort in the order in which
 * they were made (Crockford's base 32 sorts as the bytes do): delegates of one key must keep their order.
 */
export function submissionIds(now: () => Date, randomBytes: (length: number) => Uint8Array): () => string {
  let last = 0;
  let counter = 0;
  let drawn: Uint8Array = new Uint8Array();
  return () => {
    const time = now().getTime();
    if (time > last) {
      last = time;
      counter = 0;
    } else if (++counter === 2 ** (8 * COUNTER_BYTES)) {
      last++;
      counter = 0;
    }
    const bytes = Buffer.alloc(TIME_BYTES + COUNTER_BYTES + RANDOM_BYTES);
    bytes.writeUIntBE(last, 0, TIME_BYTES);
    bytes.writeUIntBE(counter, TIME_BYTES, COUNTER_BYTES);
    if (drawn.length === 0) drawn = randomBytes(DRAWN_IDS * RANDOM_BYTES);
    bytes.set(drawn.subarray(0, RANDOM_BYTES), TIME_BYTES + COUNTER_BYTES);
    drawn = drawn.subarray(RANDOM_BYTES);
    return `sub_${base32crockford.encode(bytes).toLowerCase()}`;
  };
}
