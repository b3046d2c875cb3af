import type { ChainHead } from "./chain-head.ts";

const INTERVAL_MS = 1_000;

/**
 * What a witness sees of one chain. It is written down at most once a second: an fsync for each entry would halve the
 * signer's rate.
 */
export class FileWitness {
  readonly #write: (seen: ChainHead) => Promise<void>;
  readonly #failed: (error: unknown) => void;
  #seen: ChainHead | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #closed = false;

  /** `write` puts it on disk; `failed` hears that it could not, after which the next entry is tried again. */
  constructor(write: (seen: ChainHead) => Promise<void>, failed: (error: unknown) => void) {
    this.#write = write;
    this.#failed = failed;
  }

  note(sequence: bigint, hash: Uint8Array): void {
    if (this.#closed || sequence <= (this.#seen?.sequence ?? 0n)) return;
    this.#seen = { sequence, hash };
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, INTERVAL_MS).unref();
  }

  /** Writes the last one down; later ones are not heard. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#flush();
    await this.#writing;
  }

  #flush(): void {
    const seen = this.#seen;
    if (seen !== undefined) {
      this.#writing = this.#writing.then(() => this.#write(seen)).catch(this.#failed);
    }
  }
}
