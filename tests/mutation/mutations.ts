import fc from "fast-check";

/** Changes some bytes of one of the valid pieces; `pieces` has another one to take from. */
export type Mutation = (original: Uint8Array, other: Uint8Array) => Uint8Array;

/** A place in bytes of any length. */
const place = fc.nat({ max: 2 ** 31 - 1 }).map((n) => n / 2 ** 31);
const at = (share: number, bytes: Uint8Array) => Math.floor(share * bytes.length);
const junk = fc.uint8Array({ minLength: 1, maxLength: 40 });
/** Numbers at which length fields break. */
const lengths = fc.oneof(
  fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff),
  fc.nat({ max: 300 }),
);

const flip = fc.tuple(place, fc.nat({ max: 7 })).map(
  ([share, bit]): Mutation =>
    (bytes) => {
      const changed = Uint8Array.from(bytes);
      const i = at(share, bytes);
      changed[i] = (changed[i] ?? 0) ^ (1 << bit);
      return changed;
    },
);

const truncate = place.map(
  (share): Mutation =>
    (bytes) =>
      bytes.slice(0, at(share, bytes)),
);

const insert = fc.tuple(place, junk).map(
  ([share, more]): Mutation =>
    (bytes) => {
      const i = at(share, bytes);
      return Buffer.concat([bytes.subarray(0, i), more, bytes.subarray(i)]);
    },
);

const append = junk.map(
  (more): Mutation =>
    (bytes) =>
      Buffer.concat([bytes, more]),
);

const remove = fc.tuple(place, fc.integer({ min: 1, max: 40 })).map(
  ([share, count]): Mutation =>
    (bytes) => {
      const i = at(share, bytes);
      return Buffer.concat([bytes.subarray(0, i), bytes.subarray(i + count)]);
    },
);

/** The head of one with the tail of the other, cut at the same place or at two. */
const splice = fc.tuple(place, fc.option(place, { nil: undefined })).map(
  ([share, second]): Mutation =>
    (bytes, other) => {
      const j = second === undefined ? Math.min(at(share, bytes), other.length) : at(second, other);
      return Buffer.concat([bytes.subarray(0, at(share, bytes)), other.subarray(j)]);
    },
);

/** Overwrites four bytes, little-endian as borsh has its lengths, wherever they stand. */
const length32 = fc.tuple(place, lengths).map(
  ([share, value]): Mutation =>
    (bytes) => {
      const changed = Buffer.from(bytes);
      if (changed.length >= 4) changed.writeUInt32LE(value, Math.floor(share * (changed.length - 3)));
      return changed;
    },
);

/** The same at the first length field, that of the sender's name. */
const firstLength = lengths.map(
  (value): Mutation =>
    (bytes) => {
      const changed = Buffer.from(bytes);
      if (changed.length >= 4) changed.writeUInt32LE(value, 0);
      return changed;
    },
);

const one = fc.oneof(
  { weight: 4, arbitrary: flip },
  { weight: 2, arbitrary: truncate },
  { weight: 2, arbitrary: insert },
  { weight: 2, arbitrary: append },
  { weight: 2, arbitrary: remove },
  { weight: 3, arbitrary: splice },
  { weight: 2, arbitrary: length32 },
  { weight: 1, arbitrary: firstLength },
);

/** One to three changes, one after the other. */
export const mutation: fc.Arbitrary<Mutation> = fc.array(one, { minLength: 1, maxLength: 3 }).map(
  (changes): Mutation =>
    (original, other) =>
      changes.reduce((bytes, change) => (bytes.length === 0 ? bytes : change(bytes, other)), original),
);
