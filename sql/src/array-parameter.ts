import type { SqlType } from "./value-list.ts";

/** PostgreSQL's numbers of the types (src/include/catalog/pg_type.dat). */
const TYPE_OIDS = { text: 25, bigint: 20 } as const;
const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const BIGINT_BYTES = 8;
const NULL_LENGTH = -1;

/**
 * An array of PostgreSQL's in its binary form (array_recv in src/backend/utils/adt/arrayfuncs.c), which takes it without
 * reading a text. Throws RangeError for a number beyond 64 bits.
 */
export function arrayParameter(type: SqlType, values: readonly unknown[]): Buffer {
  const texts = type === "text";
  let size = HEADER_BYTES + values.length * LENGTH_BYTES;
  for (const value of values) {
    if (value !== null) size += texts ? Buffer.byteLength(value as string) : BIGINT_BYTES;
  }
  const array = Buffer.allocUnsafe(size);
  array.writeInt32BE(1, 0); // dimensions
  array.writeInt32BE(1, 4); // there may be nulls
  array.writeInt32BE(TYPE_OIDS[type], 8);
  array.writeInt32BE(values.length, 12);
  array.writeInt32BE(1, 16); // the first index
  let at = HEADER_BYTES;
  for (const value of values) {
    if (value === null) {
      at = array.writeInt32BE(NULL_LENGTH, at);
    } else if (texts) {
      const length = array.write(value as string, at + LENGTH_BYTES);
      at = array.writeInt32BE(length, at) + length;
    } else {
      at = array.writeInt32BE(BIGINT_BYTES, at);
      at = array.writeBigInt64BE(value as bigint, at);
    }
  }
  return array;
}
