/** The bytes are not the canonical borsh encoding of the expected type. */
export class BorshError extends Error {
  override readonly name = "BorshError";
}

const utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const utf8Encoder = new TextEncoder();

/**
 * The longest text, in bytes, that is read by hand: a call of TextDecoder takes a microsecond or two, and a transaction
 * has room for 50,000 texts.
 */
const SHORT = 64;

/**
 * Reads borsh (https://borsh.io) strictly: every length is bounded by the bytes that are left, text is valid
 * UTF-8, an option's tag is 0 or 1, and `end` refuses a rest. What it accepts has one encoding only.
 */
export class BorshReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #take(length: number): number {
    const start = this.#offset;
    if (length > this.#bytes.length - start) {
      throw new BorshError(`${length} bytes wanted at offset ${start}, ${this.#bytes.length - start} left`);
    }
    this.#offset = start + length;
    return start;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  u128(): bigint {
    const low = this.u64();
    return (this.u64() << 64n) | low;
  }

  /** A copy of the next `length` bytes. */
  fixed(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.slice(start, start + length);
  }

  bytes(): Uint8Array {
    return this.fixed(this.u32());
  }

  string(): string {
    const length = this.u32();
    const start = this.#take(length);
    const ascii = length <= SHORT ? this.#ascii(start, length) : undefined;
    if (ascii !== undefined) return ascii;
    try {
      return utf8Decoder.decode(this.#bytes.subarray(start, start + length));
    } catch {
      throw new BorshError("text is not UTF-8");
    }
  }

  /** The text of bytes that are all ASCII, else undefined. */
  #ascii(start: number, length: number): string | undefined {
    let text = "";
    for (let i = start; i < start + length; i++) {
      const byte = this.#view.getUint8(i);
      if (byte > 0x7f) return undefined;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  option<T>(read: () => T): T | null {
    const tag = this.u8();
    if (tag > 1) throw new BorshError(`option tag ${tag}`);
    return tag === 1 ? read() : null;
  }

  /**
   * A vector whose elements take at least one byte each, so that its length is bounded by what is left. `check` sees
   * the length before any element is read.
   */
  vec<T>(read: () => T, check?: (length: number) => void): T[] {
    const length = this.u32();
    if (length > this.#bytes.length - this.#offset) throw new BorshError(`vector of ${length} elements`);
    check?.(length);
    const items: T[] = [];
    for (let i = 0; i < length; i++) items.push(read());
    return items;
  }

  /** Refuses bytes after the value. */
  end(): void {
    const rest = this.#bytes.length - this.#offset;
    if (rest !== 0) throw new BorshError(`${rest} bytes after the end`);
  }
}

/** Reads one value that takes all of `bytes`. */
export function readBorsh<T>(bytes: Uint8Array, read: (reader: BorshReader) => T): T {
  const reader = new BorshReader(bytes);
  const value = read(reader);
  reader.end();
  return value;
}

/** Writes borsh. Numbers out of their type's range throw a RangeError. */
export class BorshWriter {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Makes room, and gives the offset. Call it before `#bytes` or `#view` is read: both may change. */
  #grow(extra: number): number {
    const start = this.#length;
    const wanted = start + extra;
    if (wanted > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(wanted, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, start));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#length = wanted;
    return start;
  }

  u8(value: number): this {
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u32(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  u64(value: bigint): this {
    if (value < 0n || value >= 1n << 64n) throw new RangeError("u64 out of range");
    const at = this.#grow(8);
    this.#view.setBigUint64(at, value, true);
    return this;
  }

  u128(value: bigint): this {
    if (value < 0n || value >= 1n << 128n) throw new RangeError("u128 out of range");
    return this.u64(value & 0xffff_ffff_ffff_ffffn).u64(value >> 64n);
  }

  fixed(value: Uint8Array): this {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  bytes(value: Uint8Array): this {
    return this.u32(value.length).fixed(value);
  }

  string(value: string): this {
    return value === "" ? this.u32(0) : this.bytes(utf8Encoder.encode(value));
  }

  option<T>(value: T | null, write: (value: T) => void): this {
    if (value === null) return this.u8(0);
    this.u8(1);
    write(value);
    return this;
  }

  vec<T>(items: readonly T[], write: (item: T) => void): this {
    this.u32(items.length);
    for (const item of items) write(item);
    return this;
  }

  /** The bytes written so far, as a copy. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}
