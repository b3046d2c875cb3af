// MessagePack as Rust's rmp-serde writes it (spec: structures are positional arrays, bytes are arrays of small integers).
// One encoding each: decoding refuses every other.
import { concatBytes } from "@noble/hashes/utils.js";
import type { PointBackend } from "./point-backend.ts";
import { ProtocolAbort } from "./protocol-abort.ts";
import { isScalar, SCALAR_SIZE } from "./scalar.ts";

export const POINT_SIZE = 33;

/** The most bytes that `size` bytes take: a header, and two for each that is 128 or more. */
export function octetsLimit(size: number): number {
  return 3 + 2 * size;
}

/** An array (or a structure) of items that are encoded already: at most 65,535. */
export function encodeArray(items: readonly Uint8Array[]): Uint8Array {
  return concatBytes(arrayHeader(items.length), ...items);
}

/** Bytes, a scalar or a point: an array of small integers. */
export function encodeOctets(bytes: Uint8Array): Uint8Array {
  const writer = new Writer(octetsLimit(bytes.length));
  writer.octets(bytes);
  return writer.end();
}

/** Encodes one value after the other into memory that is there, for messages of hundreds of them. */
export class Writer {
  readonly #bytes: Uint8Array;
  #at = 0;

  /** `limit` is the most bytes that all values take. */
  constructor(limit: number) {
    this.#bytes = new Uint8Array(limit);
  }

  /** The header of an array, whose items are written next. */
  array(length: number): void {
    for (const byte of arrayHeader(length)) this.#bytes[this.#at++] = byte;
  }

  /** As `encodeOctets`. */
  octets(bytes: Uint8Array): void {
    this.array(bytes.length);
    for (const byte of bytes) {
      if (byte >= 0x80) this.#bytes[this.#at++] = 0xcc;
      this.#bytes[this.#at++] = byte;
    }
  }

  /** A copy of what was written. Throws a RangeError for more than the limit. */
  end(): Uint8Array {
    if (this.#at > this.#bytes.length) throw new RangeError("more is encoded than was said");
    return this.#bytes.slice(0, this.#at);
  }
}

/** An array of scalars, of points, or of other byte strings. */
export function encodeOctetsArray(items: readonly Uint8Array[]): Uint8Array {
  return encodeArray(items.map(encodeOctets));
}

/** An unsigned integer up to 65,535. */
export function encodeUint(value: number): Uint8Array {
  if (value < 0x80) return Uint8Array.of(value);
  if (value < 0x100) return Uint8Array.of(0xcc, value);
  return Uint8Array.of(0xcd, value >> 8, value & 0xff);
}

/** Bits, the lowest first, in whole 8-byte words: an array of 64-bit integers. 16 bytes are a row, 32 a double one. */
export function encodeBits(bits: Uint8Array): Uint8Array {
  const out = new Uint8Array(1 + (bits.length / 8) * 9);
  let at = 0;
  out[at++] = 0x90 | (bits.length / 8);
  for (let word = 0; word < bits.length; word += 8) {
    const size = significant(bits, word);
    if (size !== 0) out[at++] = 0xcc + Math.log2(size);
    for (let i = Math.max(size, 1) - 1; i >= 0; i--) out[at++] = bits[word + i] ?? 0;
  }
  return out.slice(0, at);
}

/** The most bytes that bits take. */
export function bitsLimit(size: number): number {
  return 1 + (size / 8) * 9;
}

/** Bytes after the marker that a 64-bit word takes: 1, 2, 4 or 8; 0 for one below 128, which is its own marker. */
function significant(bits: Uint8Array, word: number): 0 | 1 | 2 | 4 | 8 {
  for (let i = 7; i >= 0; i--) {
    const byte = bits[word + i] ?? 0;
    if (byte === 0) continue;
    if (i >= 4) return 8;
    if (i >= 2) return 4;
    if (i === 1) return 2;
    return byte < 0x80 ? 0 : 1;
  }
  return 0;
}

function arrayHeader(length: number): Uint8Array {
  return length <= 15 ? Uint8Array.of(0x90 | length) : Uint8Array.of(0xdc, length >> 8, length & 0xff);
}

/** Reads all of a body with `read`. Throws ProtocolAbort, which names `what`, when it is not the canonical encoding. */
export function decodeBody<T>(body: Uint8Array, what: string, read: (reader: Reader) => T): T {
  const reader = new Reader(body, what);
  const value = read(reader);
  reader.end();
  return value;
}

/** Takes one value after the other. Everything throws ProtocolAbort. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #at = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  /** The header of an array of exactly that many items, which are read next. */
  array(length: number): void {
    for (const byte of arrayHeader(length)) if (this.#next() !== byte) throw this.#malformed();
  }

  /** An array of exactly that many items, each read by `item`. */
  items<T>(length: number, item: () => T): T[] {
    this.array(length);
    return Array.from({ length }, item);
  }

  /** Exactly `size` bytes. */
  octets(size: number): Uint8Array {
    this.array(size);
    const out = new Uint8Array(size);
    for (let i = 0; i < size; i++) {
      const byte = this.#next();
      out[i] = byte < 0x80 ? byte : this.#wide(byte);
    }
    return out;
  }

  /** A scalar below n; it may be zero. */
  scalar(): Uint8Array {
    const scalar = this.octets(SCALAR_SIZE);
    if (!isScalar(scalar)) throw this.#malformed();
    return scalar;
  }

  /** A point of the curve. */
  point(points: PointBackend): Uint8Array {
    const point = this.octets(POINT_SIZE);
    if (!points.isPoint(point)) throw this.#malformed();
    return point;
  }

  /** `size` bytes of bits, as `encodeBits` writes them. */
  bits(size: number): Uint8Array {
    this.array(size / 8);
    const out = new Uint8Array(size);
    for (let word = 0; word < size; word += 8) this.#word(out, word);
    return out;
  }

  /** There is nothing more. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw this.#malformed();
  }

  #word(out: Uint8Array, word: number): void {
    const marker = this.#next();
    if (marker < 0x80) {
      out[word] = marker;
      return;
    }
    if (marker < 0xcc || marker > 0xcf) throw this.#malformed();
    const size = 1 << (marker - 0xcc);
    for (let i = size - 1; i >= 0; i--) out[word + i] = this.#next();
    if (significant(out, word) !== size) throw this.#malformed();
  }

  /** A byte of 128 or more. */
  #wide(marker: number): number {
    const byte = marker === 0xcc ? this.#next() : 0;
    if (byte < 0x80) throw this.#malformed();
    return byte;
  }

  #next(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw this.#malformed();
    return byte;
  }

  #malformed(): ProtocolAbort {
    return new ProtocolAbort(`${this.#what} is malformed`);
  }
}
