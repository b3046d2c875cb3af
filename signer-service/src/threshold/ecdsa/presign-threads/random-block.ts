import { randomFillSync } from "node:crypto";

const SIZE = 4_096;

/**
 * Random bytes of the platform's generator, which it is asked for by the block: a step of presigning draws a thousand
 * scalars, and asking costs more than the bytes. None is given twice, and what was given is not kept.
 */
export class RandomBlock {
  readonly #bytes = new Uint8Array(SIZE);
  #used = SIZE;

  /** New memory with at most 4,096 random bytes. */
  take(size: number): Uint8Array {
    if (this.#used + size > SIZE) {
      randomFillSync(this.#bytes);
      this.#used = 0;
    }
    const taken = this.#bytes.subarray(this.#used, this.#used + size);
    if (taken.length !== size) throw new RangeError(`a block has no ${size} bytes`);
    this.#used += size;
    const given = taken.slice();
    taken.fill(0);
    return given;
  }

  /** Forgets what was drawn and not given. */
  wipe(): void {
    this.#bytes.fill(0);
    this.#used = SIZE;
  }
}
