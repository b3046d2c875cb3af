// Strobe-128 as far as Merlin's transcripts use it (strobe.sourceforge.io, version 1.0.2; merlin.cool): no transport.
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { keccakF } from "./keccak-f.ts";

/** Bytes of the sponge that are absorbed and squeezed before the permutation runs: 200 − 2·16 − 2. */
const RATE = 166;
/** What an operation does, as its flags say. */
const AD = 2;
const KEY = 6;
const PRF = 7;
const META_AD = 18;
/** The operation gives or takes key material: it begins on a fresh block. */
const NEEDS_FRESH_BLOCK = 4;

/** The words that the permutation works on, and the same memory as bytes. */
interface Sponge {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
}

export class Strobe {
  readonly #sponge: Sponge = newSponge();
  #pos = 0;
  #posBegin = 0;

  /** A fresh state for the protocol with that label. */
  static begin(label: string): Strobe {
    const strobe = new Strobe();
    strobe.#sponge.bytes.set([1, RATE + 2, 1, 0, 1, 96]);
    strobe.#sponge.bytes.set(utf8ToBytes("STROBEv1.0.2"), 6);
    keccakF(strobe.#sponge.words);
    strobe.metaAd(utf8ToBytes(label));
    return strobe;
  }

  clone(): Strobe {
    const copy = new Strobe();
    copy.become(this);
    return copy;
  }

  /** Takes on the state of another. */
  become(other: Strobe): void {
    this.#sponge.words.set(other.#sponge.words);
    this.#pos = other.#pos;
    this.#posBegin = other.#posBegin;
  }

  /** Absorbs framing. */
  metaAd(data: Uint8Array): void {
    this.#begin(META_AD);
    this.#absorb(data);
  }

  /** Absorbs more of the same framing. */
  moreMetaAd(data: Uint8Array): void {
    this.#absorb(data);
  }

  /** Absorbs data. */
  ad(data: Uint8Array): void {
    this.#begin(AD);
    this.#absorb(data);
  }

  /** Begins to take a key. What comes before the key's first byte is the same for all keys, so it can be kept. */
  beginKey(): void {
    this.#begin(KEY);
  }

  /** The key's bytes. */
  key(key: Uint8Array): void {
    for (const byte of key) {
      this.#sponge.bytes[this.#pos++] = byte;
      if (this.#pos === RATE) this.#permute();
    }
  }

  /** Fills `out` with pseudorandom bytes, which the state then has no more. */
  prf(out: Uint8Array): void {
    this.#begin(PRF);
    const { bytes } = this.#sponge;
    for (let i = 0; i < out.length; i++) {
      out[i] = bytes[this.#pos] ?? 0;
      bytes[this.#pos++] = 0;
      if (this.#pos === RATE) this.#permute();
    }
  }

  wipe(): void {
    this.#sponge.words.fill(0);
  }

  #begin(flags: number): void {
    const before = this.#posBegin;
    this.#posBegin = this.#pos + 1;
    this.#absorbByte(before);
    this.#absorbByte(flags);
    if ((flags & NEEDS_FRESH_BLOCK) !== 0 && this.#pos !== 0) this.#permute();
  }

  #absorb(data: Uint8Array): void {
    for (const byte of data) this.#absorbByte(byte);
  }

  #absorbByte(byte: number): void {
    const { bytes } = this.#sponge;
    bytes[this.#pos] = (bytes[this.#pos] ?? 0) ^ byte;
    if (++this.#pos === RATE) this.#permute();
  }

  #permute(): void {
    const { words, bytes } = this.#sponge;
    bytes[this.#pos] = (bytes[this.#pos] ?? 0) ^ this.#posBegin;
    bytes[this.#pos + 1] = (bytes[this.#pos + 1] ?? 0) ^ 4;
    bytes[RATE + 1] = (bytes[RATE + 1] ?? 0) ^ 0x80;
    keccakF(words);
    this.#pos = 0;
    this.#posBegin = 0;
  }
}

function newSponge(): Sponge {
  const words = new Int32Array(50);
  return { words, bytes: new Uint8Array(words.buffer) };
}
