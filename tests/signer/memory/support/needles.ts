/** What is looked for: one form of a secret. */
export interface Needle {
  /** Says which form of which secret; it is printed, unlike the bytes. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** Fewer bytes than this turn up by chance, and in what is not the secret. */
const LEAST_BYTES = 8;
const PAIRS = 0x10000;

/**
 * Looks for many needles in one pass (Wu and Manber, "A fast algorithm for multi-pattern searching", 1994): a pair of
 * bytes tells how far the next place is at which the first part of a needle can end. Zeros, of which most of a process's memory
 * consists, are passed over at once: of some thousand random needles one has a pair of them at its worst place every now and then.
 */
export class Needles {
  /** Bytes of the longest needle. */
  readonly longest: number;
  /** Bytes of the first part, which is as long as the shortest needle. */
  readonly #part: number;
  /** By pair, its first byte low: how many bytes may be passed over. */
  readonly #shifts: Uint8Array;
  /** The needles whose first part ends with a pair. */
  readonly #endingWith: (Needle[] | undefined)[] = new Array(PAIRS).fill(undefined);

  constructor(needles: readonly Needle[]) {
    const lengths = needles.map(({ bytes }) => bytes.length);
    this.longest = Math.max(...lengths);
    this.#part = Math.min(...lengths, 0xff);
    const short = needles.find(({ bytes }) => bytes.length < LEAST_BYTES);
    if (short !== undefined) throw new Error(`too short to look for: ${short.name}`);
    const empty = needles.find(({ bytes }) => isZero(bytes, 0, this.#part - 1));
    if (empty !== undefined) throw new Error(`begins with zeros only: ${empty.name}`);
    this.#shifts = new Uint8Array(PAIRS).fill(this.#part - 1);
    for (const needle of needles) this.#add(needle);
  }

  /** The names of those that the haystack contains. */
  foundIn(haystack: Buffer): Set<string> {
    const found = new Set<string>();
    for (let last = this.#part - 1; last < haystack.length; ) {
      if (haystack[last] === 0 && isZero(haystack, last - (this.#part - 1), last)) {
        last = afterZeros(haystack, last);
        continue;
      }
      const pair = (haystack[last - 1] as number) | ((haystack[last] as number) << 8);
      const shift = this.#shifts[pair] as number;
      if (shift === 0) this.#compare(haystack, last, pair, found);
      last += shift || 1;
    }
    return found;
  }

  #compare(haystack: Buffer, last: number, pair: number, found: Set<string>): void {
    const start = last - (this.#part - 1);
    for (const { name, bytes } of this.#endingWith[pair] ?? []) {
      const end = start + bytes.length;
      if (end <= haystack.length && bytes.compare(haystack, start, end) === 0) found.add(name);
    }
  }

  #add(needle: Needle): void {
    for (let last = 1; last < this.#part; last++) {
      const pair = needle.bytes.readUInt16LE(last - 1);
      const shift = this.#part - 1 - last;
      this.#shifts[pair] = Math.min(this.#shifts[pair] ?? 0, shift);
      if (shift === 0) this.#endingWith[pair] = [...(this.#endingWith[pair] ?? []), needle];
    }
  }
}

function isZero(bytes: Buffer, from: number, to: number): boolean {
  for (let i = to; i >= from; i--) if (bytes[i] !== 0) return false;
  return true;
}

/** The first place after `last` that is not zero; the length where there is none. */
function afterZeros(bytes: Buffer, last: number): number {
  let at = last + 1;
  while (at < bytes.length && bytes[at] === 0) at++;
  return at;
}
