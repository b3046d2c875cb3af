/** Bytes that are not the borsh encoding they should be. */
export class BorshError extends Error {}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A strict reader of borsh (https://borsh.io): every value has exactly one encoding and this reader accepts no
 * other, so that bytes which decode are the canonical ones.
 * Throws {@link BorshError}.
 */
export class BorshReader {
  #offset = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get offset(): number {
    return this.#offset;
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

  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  vecOfBytes(): Uint8Array {
    return this.bytes(this.u32());
  }

  string(): string {
    try {
      return UTF8.decode(this.vecOfBytes());
    } catch (error) {
      if (error instanceof BorshError) throw error;
      throw new BorshError("invalid utf-8 sequence");
    }
  }

  vec<T>(item: () => T): T[] {
    const length = this.u32();
    // Every element that occurs in a transaction takes at least one byte.
    if (length > this.#bytes.length - this.#offset) throw new BorshError("Unexpected length of input");
    return Array.from({ length }, item);
  }

  option<T>(item: () => T): T | undefined {
    const tag = this.u8();
    if (tag > 1) throw new BorshError(`Invalid Option representation: ${tag}. The first byte must be 0 or 1`);
    return tag === 1 ? item() : undefined;
  }

  /** The bytes between two offsets that were read already. */
  slice(from: number, to: number): Uint8Array {
    return this.#bytes.subarray(from, to);
  }

  /** Throws unless everything was read. */
  end(): void {
    if (this.#offset !== this.#bytes.length) throw new BorshError("Not all bytes read");
  }

  #take(length: number): number {
    const start = this.#offset;
    if (length > this.#bytes.length - start) throw new BorshError("Unexpected length of input");
    this.#offset = start + length;
    return start;
  }
}
