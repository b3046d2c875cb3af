// What both sides saw, hashed as it comes, and challenges from it: Merlin's construction under another label.
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { u32le } from "../length-prefixed.ts";
import { isScalar, isZero, SCALAR_SIZE } from "./scalar.ts";
import { Strobe } from "./strobe.ts";

export const SEED_SIZE = 32;

/** Lives within one step and is never stored. */
export class Transcript {
  readonly #strobe: Strobe;

  private constructor(strobe: Strobe) {
    this.#strobe = strobe;
  }

  static begin(label: string): Transcript {
    return new Transcript(beginTranscript(label));
  }

  /** Takes a labelled message in. Returns itself. */
  message(label: string, data: Uint8Array | string): this {
    absorb(this.#strobe, label, typeof data === "string" ? utf8ToBytes(data) : data);
    return this;
  }

  /** `size` bytes that depend on all that was taken in. */
  challenge(label: string, size: number): Uint8Array {
    const out = new Uint8Array(size);
    this.#strobe.metaAd(utf8ToBytes(label));
    this.#strobe.moreMetaAd(u32le(size));
    this.#strobe.prf(out);
    return out;
  }

  /** A transcript that goes on from here with that message, and leaves this one as it is. */
  fork(label: string, data: Uint8Array): Transcript {
    return new Transcript(this.#strobe.clone()).message(label, data);
  }

  /** A generator that depends on all that was taken in. */
  challengeRng(label: string): TranscriptRng {
    const seed = this.challenge(label, SEED_SIZE);
    return TranscriptRng.after(this.#strobe, seed);
  }
}

/** Pseudorandom bytes, of which every call depends on its size and on those before it. */
export class TranscriptRng {
  readonly #strobe: Strobe;

  /** Takes over a state that awaits a seed. */
  private constructor(seeding: Strobe, seed: Uint8Array) {
    this.#strobe = seeding;
    this.#strobe.key(seed);
  }

  /** Goes on from a transcript's state, which it leaves as it is. `seed` has 32 bytes. */
  static after(transcript: Strobe, seed: Uint8Array): TranscriptRng {
    return new TranscriptRng(beginSeeding(transcript), seed);
  }

  /** The generator of a seed of 32 bytes and nothing else. */
  static seeded(seed: Uint8Array): TranscriptRng {
    return new TranscriptRng(directSeeding.clone(), seed);
  }

  /** Becomes the generator of another seed and nothing else. */
  reseed(seed: Uint8Array): void {
    this.#strobe.become(directSeeding);
    this.#strobe.key(seed);
  }

  /** Fills `out`, and returns it. */
  fill(out: Uint8Array): Uint8Array {
    this.#strobe.metaAd(u32le(out.length));
    this.#strobe.prf(out);
    return out;
  }

  /** A scalar below n, which may be zero. */
  scalar(): Uint8Array {
    const bytes = new Uint8Array(SCALAR_SIZE);
    do this.fill(bytes);
    while (!isScalar(bytes));
    return bytes;
  }

  nonzeroScalar(): Uint8Array {
    for (;;) {
      const scalar = this.scalar();
      if (!isZero(scalar)) return scalar;
    }
  }

  wipe(): void {
    this.#strobe.wipe();
  }
}

function beginTranscript(label: string): Strobe {
  const strobe = Strobe.begin("Mini-Merlin");
  absorb(strobe, "dom-sep", utf8ToBytes(label));
  return strobe;
}

function absorb(strobe: Strobe, label: string, data: Uint8Array): void {
  strobe.metaAd(utf8ToBytes(label));
  strobe.moreMetaAd(u32le(data.length));
  strobe.ad(data);
}

/** The state that waits for a seed. */
function beginSeeding(strobe: Strobe): Strobe {
  const seeding = strobe.clone();
  seeding.metaAd(utf8ToBytes("rng from seed"));
  seeding.beginKey();
  return seeding;
}

/** The state that all generators of nothing but a seed begin in: worth keeping, a run makes thousands. */
const directSeeding = beginSeeding(beginTranscript("direct RNG from seed"));
